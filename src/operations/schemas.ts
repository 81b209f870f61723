import { type Static, Type } from 'typebox';
import { IsoInstant, NullableInstant, NullableString } from '#platform/http/schemas';

export const run_outcomes = ['never', 'done', 'failed'] as const;
export const failed_states = ['parked', 'retrying'] as const;
export const work_kinds = ['event', 'job'] as const;

const NullableInteger = Type.Union([Type.Integer(), Type.Null()]);

export const ScheduleSchema = Type.Object({
  name: Type.String(),
  schedule: Type.String({ description: 'Cron expression in UTC; with six fields, the first has the seconds' }),
  last_run_at: NullableInstant,
  took_ms: Type.Unsafe<number | null>({ ...NullableInteger, description: 'Duration of the last run' }),
  outcome: Type.Enum([...run_outcomes]),
  error: NullableString,
  next_run_at: IsoInstant,
  failures_count: Type.Integer({ description: 'Failed attempts of the occurrence that is retried' }),
});

const RetrySchema = Type.Object({ by: NullableString, at: IsoInstant });

export const FailedWorkSchema = Type.Object({
  id: Type.Integer(),
  kind: Type.Enum([...work_kinds]),
  name: Type.String(),
  state: Type.Enum([...failed_states]),
  attempts_count: Type.Integer(),
  error: Type.String(),
  created_at: IsoInstant,
  parked_at: NullableInstant,
  next_attempt_at: NullableInstant,
  last_retry: Type.Unsafe<Static<typeof RetrySchema> | null>({
    ...Type.Union([RetrySchema, Type.Null()]),
    description: 'The manager who retried it last',
  }),
});

export const ParkedProfileSchema = Type.Object({
  profile: Type.Object({ slug: Type.String(), full_name: Type.String() }),
  job: Type.String({ description: 'The job that leaves the profile alone' }),
  reason: Type.String(),
  attempts_count: Type.Integer(),
  parked_at: IsoInstant,
});

const message_kinds = [
  'charge',
  'refund',
  'dispute',
  'payout',
  'fee',
  'share',
  'account',
  'card',
  'customer',
  'orphan',
  'payment',
  'action',
  'setup',
  'warning',
  'call',
] as const;

export const ParkedMessageSchema = Type.Object({
  event_key: Type.String({ description: 'Key of the message at the processor' }),
  processor: Type.String(),
  account: Type.String({ description: 'Account of the object at the processor; empty for that of the broker' }),
  kind: Type.Enum([...message_kinds], {
    description:
      'What the message is about; orphan: a payment that no order wants, until its payer has the money back; call: one whose idempotency key the processor knows with another request',
  }),
  object: Type.String({ description: 'Key of the charge or payout at the processor' }),
  reason: Type.String({ description: 'Why its handler failed the last time' }),
  received_at: IsoInstant,
  parked_at: IsoInstant,
  last_retry: Type.Unsafe<Static<typeof RetrySchema> | null>({
    ...Type.Union([RetrySchema, Type.Null()]),
    description: 'The manager who retried it last',
  }),
});

export const IgnoredSchema = Type.Object({ count: Type.Integer({ description: 'Messages that were ignored' }) });

export const RetriedSchema = Type.Object({ count: Type.Integer({ description: 'Rows that are due again' }) });
