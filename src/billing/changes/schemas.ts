import { Type } from 'typebox';
import { changeModes, PlanSummarySchema } from '#catalog';
import { ChargeSchema } from '#payments';
import { NullableString } from '#platform/http/schemas';

/** Longest text of a preview key. */
const PREVIEW_KEY_LENGTH_MAX = 60;
const QUANTITY_MAX = 1_000_000;
const OPTION_MAX = 100;

const Slug = Type.String({ minLength: 1, maxLength: 150 });

export const ChangeParams = Type.Object({ profile: Type.String(), subscribed_plan: Type.String() });

const wish = {
  to: Slug,
  at: Type.Optional(Type.Enum(['now', 'period_end'])),
  option: Type.Optional(Type.Integer({ minimum: 1, maximum: OPTION_MAX })),
  quantity: Type.Optional(Type.Integer({ minimum: 1, maximum: QUANTITY_MAX })),
  mode: Type.Optional(Type.Enum([...changeModes])),
};

/** The address has texts: no type is converted. */
const NumberText = (description: string) => Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,6}$', description }));

export const ChangeQuery = Type.Object({
  ...wish,
  option: NumberText('Number of a price option of the plan; 1 when omitted'),
  quantity: NumberText('The quantity after the change; the present one when omitted'),
  leave_due: Type.Optional(
    Type.Enum(['true', 'false'], {
      description: 'A provider charges no card: the subscriber gets a link that pays the amount',
    }),
  ),
});

export const ChangeBody = Type.Object({
  ...wish,
  leave_due: Type.Optional(
    Type.Boolean({ description: 'A provider charges no card: the subscriber gets a link that pays the amount' }),
  ),
  preview_key: Type.Optional(Type.String({ maxLength: PREVIEW_KEY_LENGTH_MAX })),
  processor_token: Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()])),
  remember_card: Type.Optional(Type.Boolean()),
  replace: Type.Optional(Type.Boolean({ description: 'Replaces a pending change' })),
  accept_lost_uses: Type.Optional(Type.Boolean()),
});

export const ChangeLineSchema = Type.Object({
  kind: Type.Enum(['credit_note', 'period', 'seats', 'setup', 'use', 'balance']),
  description: Type.String(),
  amount: Type.Integer({ description: 'Negative for a credit note' }),
  unit: Type.String(),
  covers_from: NullableString,
  covers_to: NullableString,
  order_number: NullableString,
});

export const ChangePreviewSchema = Type.Object({
  preview_key: Type.String(),
  expires_at: Type.String(),
  effective_at: Type.String(),
  subscription: PlanSummarySchema,
  to: PlanSummarySchema,
  quantity: Type.Object({ from: Type.Integer(), to: Type.Integer() }),
  direction: Type.Enum(['upgrade', 'downgrade', 'crossgrade']),
  mode: Type.Enum([...changeModes]),
  at: Type.Enum(['now', 'period_end']),
  period: Type.Enum(['kept', 'restarted']),
  covers_from: Type.String(),
  covers_to: Type.String(),
  next_charge_at: NullableString,
  next_charge_amount: Type.Integer({ description: 'List price of the next renewal' }),
  unit: Type.String(),
  lines: Type.Array(ChangeLineSchema),
  total: Type.Integer({ description: 'Sum of the lines' }),
  credit_before: Type.Integer(),
  credit_used: Type.Integer({ description: 'Also of the credit that the change makes' }),
  credit_after: Type.Integer(),
  charge_amount: Type.Integer({ description: 'What the card pays now' }),
  due_after: Type.Integer({ description: 'What stays due' }),
  quotas: Type.Array(Type.Object({ use: Type.String(), before: Type.Integer(), after: Type.Integer() })),
  lost_discount: Type.Integer(),
  lost_uses: Type.Array(Type.Object({ use: Type.String(), quantity: Type.Integer() })),
  withdraws_cancellation: Type.Boolean(),
  replaces_pending: Type.Boolean(),
  card: Type.Union([Type.Object({ last4: Type.String(), exp_date: Type.String() }), Type.Null()]),
});

const ChangedSubscription = Type.Object({
  plan: PlanSummarySchema,
  created_at: Type.String(),
  ends_at: Type.String(),
  auto_renew: Type.Boolean(),
  quantity: Type.Integer(),
});

/** A change that was executed, or stored for the end of the period. */
export const ChangedSchema = Type.Object({
  subscription: ChangedSubscription,
  charge: Type.Union([ChargeSchema, Type.Null()]),
  lines: Type.Array(ChangeLineSchema),
  credit_after: Type.Integer(),
  detail: Type.String(),
});

/** A change whose payment the processor has not decided. */
export const PendingPaymentSchema = Type.Object({
  state: Type.Literal('payment_pending'),
  charge: Type.Object({
    processor_key: Type.String(),
    amount: Type.Integer(),
    unit: Type.String(),
    state: Type.String(),
  }),
  lines: Type.Array(ChangeLineSchema),
  detail: Type.String(),
});

export const PendingChangeSchema = Type.Object({
  to: PlanSummarySchema,
  quantity: Type.Integer(),
  at: Type.Literal('period_end'),
  effective_at: Type.String(),
  amount: Type.Integer({ description: 'Promised price of the first period, setup fee included' }),
  unit: Type.String(),
  created_at: Type.String(),
});
