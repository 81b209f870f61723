-- Payouts of a provider's funds to its bank, and the accounts at the processor that receive them.

create table payout_accounts (
  id bigint generated always as identity primary key,
  profile_id bigint not null references profiles on delete restrict,
  processor text not null,
  account text not null check (char_length(account) <= 255),
  connected_by bigint references users on delete set null,
  connected_at timestamptz not null,
  disconnected_at timestamptz,
  unique (processor, account)
);
create unique index payout_accounts_connected on payout_accounts (profile_id) where disconnected_at is null;
comment on column payout_accounts.account is 'Key of the account at the processor; empty for the broker''s own.';

-- Intent first, as for refunds: committed before the processor is called. Payouts that the processor makes without a
-- request of Tollgate are inserted when a job finds them.
create table payouts (
  id bigint generated always as identity primary key,
  key text unique check (char_length(key) between 16 and 255),
  profile_id bigint not null references profiles on delete restrict,
  created_by bigint references users on delete set null,
  processor text not null,
  account text not null check (char_length(account) <= 255),
  processor_key text check (char_length(processor_key) between 1 and 255),
  amount bigint not null check (amount <> 0),
  unit text not null check (unit ~ '^[a-z]{3}$'),
  description text not null,
  state text not null check (state in ('reserved', 'pending', 'paid', 'failed')),
  detail text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (processor, processor_key),
  check (key is not null or processor_key is not null),
  check (key is null or amount > 0),
  check (state in ('reserved', 'failed') or processor_key is not null)
);
create index payouts_profile_id on payouts (profile_id, created_at desc, id desc);
create index payouts_open on payouts (id) where state in ('reserved', 'pending');
comment on column payouts.key is 'Idempotency key of the request; null for a payout that the processor made without one.';
comment on column payouts.amount is 'In 1/100 of unit. Negative: the processor debited the bank account of the provider.';
comment on column payouts.state is 'reserved: the processor may or may not have been called; pending: on its way, booked; paid: arrived; failed: never sent, or sent and returned.';

-- The test processor.
create table test_processor_accounts (
  key text primary key,
  idempotency_key text not null unique,
  name text not null,
  created_at timestamptz not null
);
create table test_processor_payouts (
  key text primary key,
  idempotency_key text unique,
  request_hash text,
  account text not null,
  amount bigint not null,
  unit text not null,
  state text not null check (state in ('pending', 'paid', 'failed')),
  created_at timestamptz not null
);
create index test_processor_payouts_account on test_processor_payouts (account, created_at, key);
