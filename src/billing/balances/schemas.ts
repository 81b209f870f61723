import { Type } from 'typebox';
import { TransactionSchema } from '#ledger';
import { Detail, IsoInstant, NullableInstant, PageOf, SlugParam } from '#platform/http/schemas';
import { ProfileSummarySchema } from '#profiles';

export const ProfileParams = Type.Object({ profile: SlugParam });

export const AdjustmentParams = Type.Object({ profile: SlugParam, key: Type.String({ maxLength: 100 }) });

const NullableText = (length_max: number) => Type.Union([Type.String({ maxLength: length_max }), Type.Null()]);

export const UsesBody = Type.Object({
  plan: Type.String({ minLength: 1, maxLength: 50 }),
  use: Type.Optional(Type.Union([Type.String({ maxLength: 50 }), Type.Null()])),
  quantity: Type.Optional(
    Type.Union([Type.Integer({ minimum: 0, maximum: 1_000_000 }), Type.Null()], {
      description: 'Number of uses; one when omitted or 0',
    }),
  ),
  created_at: Type.Optional(
    Type.Union([Type.String({ maxLength: 64 }), Type.Null()], { description: 'Instant of the uses; now when omitted' }),
  ),
  option: Type.Optional(
    Type.Union([Type.Integer({ minimum: 0, maximum: 1000 }), Type.Null()], { description: 'Has no effect on a use' }),
  ),
  sync_on: Type.Optional(
    Type.Union([Type.String({ maxLength: 254 }), Type.Null()], {
      description: 'When given: the slug or e-mail address of the profile in the address',
    }),
  ),
  full_name: Type.Optional(
    Type.Union([Type.String({ maxLength: 150 }), Type.Null()], { description: 'Has no effect on a use' }),
  ),
  email: Type.Optional(
    Type.Union([Type.String({ maxLength: 254 }), Type.Null()], { description: 'Has no effect on a use' }),
  ),
});

export const UsesReply = { 200: TransactionSchema, 201: TransactionSchema };

export const CancelQuery = Type.Object({
  amount: Type.Optional(
    Type.String({ maxLength: 20, description: 'In 1/100 of the unit of the balance; the whole balance when omitted' }),
  ),
  paid: Type.Optional(
    Type.String({
      maxLength: 5,
      description: 'true: the provider received the money elsewhere; otherwise it is written off',
    }),
  ),
});

export const ImportBody = Type.Object({
  subscription: Type.String({ minLength: 1, maxLength: 250, description: 'subscriber:plan' }),
  created_at: Type.String({
    minLength: 1,
    maxLength: 64,
    description: 'Instant of the payment, before the end of the subscription',
  }),
  amount: Type.String({
    minLength: 1,
    maxLength: 20,
    description: 'In units of the currency of the plan, such as 10.00',
  }),
  descr: Type.Optional(NullableText(200)),
});

export const ImportReply = Type.Object({
  ...Detail.properties,
  key: Type.String({ description: 'Names the payment when it is reversed' }),
  results: Type.Array(TransactionSchema),
});

export const AdjustmentSchema = Type.Object(
  {
    key: Type.String(),
    kind: Type.Enum(['write_off', 'offline_payment', 'import']),
    profile: ProfileSummarySchema,
    amount: Type.Integer({ description: 'In 1/100 of unit' }),
    unit: Type.String({ description: 'ISO 4217, lower case' }),
    description: Type.String(),
    created_at: IsoInstant,
    recorded_at: IsoInstant,
    reversed_at: NullableInstant,
  },
  { title: 'Adjustment' },
);

export const AdjustmentPage = PageOf(AdjustmentSchema);
