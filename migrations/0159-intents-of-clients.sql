-- Payments and cards to keep that API clients prepare in the browser of the payer, and payments that no order wants.
create table processor_intents (
  profile_id bigint not null references profiles on delete cascade,
  processor text not null,
  kind text not null check (kind in ('payment', 'setup')),
  generation integer not null default 1 check (generation >= 1),
  intent_key text unique check (char_length(intent_key) between 1 and 255),
  account text not null default '' check (char_length(account) <= 255),
  amount bigint check (amount > 0),
  broker_fee_amount bigint not null default 0 check (broker_fee_amount >= 0),
  unit text,
  busy_until timestamptz,
  updated_at timestamptz not null,
  primary key (profile_id, processor, kind)
);
comment on table processor_intents is 'The open payment, and the open card to keep, that a profile prepares with a payment processor through the API.';
comment on column processor_intents.generation is 'Grows when an order claims the intent or another takes its place: a part of the idempotency key of the next one.';
comment on column processor_intents.intent_key is 'Null until one is open.';
comment on column processor_intents.amount is 'What the intent takes, in 1/100 of unit; null for a card to keep.';
comment on column processor_intents.broker_fee_amount is 'Share of the broker in a payment on the account of a provider, in 1/100 of unit.';
comment on column processor_intents.busy_until is 'The amount is being changed at the processor until then, exclusive: no order claims the intent.';

create table orphan_payments (
  id bigint generated always as identity primary key,
  processor text not null,
  account text not null default '' check (char_length(account) <= 255),
  intent_key text not null unique check (char_length(intent_key) between 1 and 255),
  charge_key text not null unique check (char_length(charge_key) between 1 and 255),
  profile_id bigint references profiles on delete set null,
  attempt_key text check (char_length(attempt_key) <= 255),
  amount bigint not null check (amount > 0),
  broker_fee_amount bigint not null default 0 check (broker_fee_amount >= 0),
  unit text not null,
  state text not null default 'watched' check (state in ('watched', 'refunding', 'refunded')),
  due_at timestamptz not null,
  failures_count smallint not null default 0,
  taken_at timestamptz not null,
  created_at timestamptz not null,
  refunded_at timestamptz,
  check ((state = 'refunded') = (refunded_at is not null))
);
create index orphan_payments_due on orphan_payments (due_at, id) where state <> 'refunded';
create index orphan_payments_profile on orphan_payments (profile_id);
comment on table orphan_payments is 'Payments at a processor that took money and that no order of Tollgate wants: they are refunded whole.';
comment on column orphan_payments.attempt_key is 'Key of the attempt for which the payment was made; null for one that an API client prepared.';
comment on column orphan_payments.amount is 'What the payer paid, in 1/100 of unit.';
comment on column orphan_payments.broker_fee_amount is 'What the broker got of a payment on the account of a provider, in 1/100 of unit.';
comment on column orphan_payments.state is 'watched: an order may claim the payment until due_at; refunding: the refund is promised; refunded: the payer has the money back.';
comment on column orphan_payments.due_at is 'When the job looks at it next.';

alter table processor_events drop constraint processor_events_kind_check;
alter table processor_events add constraint processor_events_kind_check
  check (kind in ('charge', 'refund', 'dispute', 'payout', 'fee', 'account', 'orphan'));

-- The balance at the processor shows payments without an order and their refunds too.
drop index ledger_events_funds;
create index ledger_events_funds on ledger_events (created_at, id) where kind in (
  'charge', 'dispute', 'dispute_reverted', 'orphan', 'orphan_refund', 'orphan_refund_failed', 'payout', 'payout_failed',
  'processor_fee', 'refund', 'refund_failed'
);
