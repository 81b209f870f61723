-- What was asked of a payment processor, what it answered, and the receipts that result.

create table payment_methods (
  profile_id bigint primary key references profiles on delete cascade,
  processor text not null,
  customer_key text not null,
  brand text not null default '',
  last4 text not null check (last4 ~ '^[0-9]{4}$'),
  exp_date date not null,
  card_name text not null default '' check (char_length(card_name) <= 100),
  updated_at timestamptz not null
);
comment on column payment_methods.exp_date is 'First day of the month in which the card expires.';

-- Intent before action: the row is committed before the processor is called, and its key makes the call harmless to repeat.
create table charge_attempts (
  id bigint generated always as identity primary key,
  key text not null unique check (char_length(key) between 16 and 255),
  profile_id bigint not null references profiles on delete restrict,
  created_by bigint references users on delete set null,
  amount bigint not null check (amount > 0),
  unit text not null check (unit ~ '^[a-z]{3}$'),
  description text not null default '',
  processor text not null,
  remember_card boolean not null default false,
  state text not null check (state in ('reserved', 'settled', 'declined', 'failed')),
  processor_key text unique,
  decline_code text,
  detail text,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index charge_attempts_unresolved on charge_attempts (created_at) where state = 'reserved';
comment on column charge_attempts.state is 'reserved: the processor may or may not have been called; settled: a charge row exists; declined: the processor refused; failed: it could not be asked.';

create table charges (
  id bigint generated always as identity primary key,
  claim_code text not null unique check (claim_code ~ '^[0-9a-f]{40}$'),
  charge_attempt_id bigint unique references charge_attempts on delete restrict,
  profile_id bigint not null references profiles on delete restrict,
  created_by bigint references users on delete set null,
  amount bigint not null check (amount > 0),
  unit text not null check (unit ~ '^[a-z]{3}$'),
  description text not null default '',
  last4 text check (last4 ~ '^[0-9]{4}$'),
  exp_date date,
  card_name text check (char_length(card_name) <= 100),
  processor text not null,
  processor_key text not null unique,
  state text not null default 'created' check (state in ('created', 'done', 'failed', 'disputed')),
  extra text,
  created_at timestamptz not null,
  settled_at timestamptz
);
create index charges_profile_id on charges (profile_id, created_at desc, id desc);
create index charges_created_at on charges (created_at desc, id desc);
create index charges_unsettled on charges (created_at) where state = 'created';
comment on column charges.profile_id is 'The customer.';

create table charge_items (
  id bigint generated always as identity primary key,
  charge_id bigint not null references charges on delete restrict,
  rank smallint not null,
  invoiced_entry_id bigint not null references ledger_entries on delete restrict,
  provider_id bigint not null references profiles on delete restrict,
  amount bigint not null check (amount > 0),
  broker_fee_percent integer not null default 0 check (broker_fee_percent between 0 and 10000),
  fee_entry_id bigint references ledger_entries on delete restrict,
  broker_fee_entry_id bigint references ledger_entries on delete restrict,
  distribute_entry_id bigint references ledger_entries on delete restrict,
  event_label text not null default '' check (char_length(event_label) <= 150),
  unique (charge_id, rank),
  unique (charge_id, invoiced_entry_id)
);
create index charge_items_invoiced on charge_items (invoiced_entry_id);
comment on column charge_items.event_label is 'What the line is for as people read it (xia:basic), for the descriptions of the entries that settle it.';

-- Intent before action here too: validated and committed, then asked of the processor, then booked.
create table refunds (
  id bigint generated always as identity primary key,
  key text not null unique check (char_length(key) between 16 and 255),
  charge_id bigint not null references charges on delete restrict,
  created_by bigint references users on delete set null,
  amount bigint not null check (amount > 0),
  state text not null check (state in ('reserved', 'settled', 'failed')),
  detail text,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
-- The database itself refuses a second refund of a charge while one is in flight.
create unique index refunds_one_in_flight on refunds (charge_id) where state = 'reserved';
create index refunds_charge_id on refunds (charge_id, created_at);

create table refund_lines (
  id bigint generated always as identity primary key,
  refund_id bigint not null references refunds on delete restrict,
  charge_item_id bigint not null references charge_items on delete restrict,
  amount bigint not null check (amount > 0),
  funds_unit text not null check (funds_unit ~ '^[a-z]{3}$'),
  distribute_amount bigint not null check (distribute_amount >= 0),
  fee_amount bigint not null check (fee_amount >= 0),
  broker_fee_amount bigint not null check (broker_fee_amount >= 0),
  unique (refund_id, charge_item_id)
);
create index refund_lines_charge_item_id on refund_lines (charge_item_id);
comment on column refund_lines.amount is 'Given back to the customer, in the unit of the charge; the three parts that pay for it are in funds_unit.';

-- The state of the built-in test processor. It stands for something outside: no foreign key leads to it or away from it.
create table test_processor_customers (
  key text primary key,
  card jsonb not null,
  created_at timestamptz not null
);
create table test_processor_charges (
  key text primary key,
  idempotency_key text not null unique,
  request_hash text not null,
  customer_key text,
  amount bigint not null,
  unit text not null,
  description text not null default '',
  card jsonb not null,
  state text not null check (state in ('created', 'done', 'failed', 'disputed')),
  outcome text not null check (outcome in ('accepted', 'declined')),
  decline_code text,
  created_at timestamptz not null
);
create table test_processor_refunds (
  key text primary key,
  charge_key text not null,
  idempotency_key text not null unique,
  request_hash text not null,
  amount bigint not null,
  created_at timestamptz not null
);
