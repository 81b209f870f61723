-- From a cart to an order: what is wanted, what was promised at which price, what came of it.

create table cart_items (
  id bigint generated always as identity primary key,
  user_id bigint references users on delete cascade,
  visitor_hash text,
  plan_id bigint not null references plans on delete cascade,
  use_charge_id bigint references use_charges on delete cascade,
  coupon_id bigint references coupons on delete set null,
  option integer not null default 0 check (option between 0 and 1000),
  quantity integer not null default 0 check (quantity between 0 and 1000000),
  full_name text not null default '' check (char_length(full_name) <= 150),
  email text check (char_length(email) <= 254),
  sync_on text check (char_length(sync_on) <= 254),
  claim_code text check (claim_code ~ '^[0-9a-f]{40}$'),
  created_at timestamptz not null,
  recorded_at timestamptz
);
create unique index cart_items_user on cart_items (user_id, plan_id, coalesce(use_charge_id, 0), lower(coalesce(sync_on, '')))
  where recorded_at is null and user_id is not null;
create unique index cart_items_visitor on cart_items (visitor_hash, plan_id, coalesce(use_charge_id, 0), lower(coalesce(sync_on, '')))
  where recorded_at is null and visitor_hash is not null;
create index cart_items_claim_code on cart_items (claim_code) where claim_code is not null;
create index cart_items_created_at on cart_items (created_at, id) where recorded_at is null;
create index cart_items_coupon_id on cart_items (coupon_id, created_at, id) where coupon_id is not null;
comment on column cart_items.visitor_hash is 'SHA-256 of the visitor cookie: the cart of somebody who has not signed in.';
comment on column cart_items.option is '1-based index into the options of the line; 0 means undecided.';

-- A coupon that a visitor typed before signing in.
create table visitor_coupons (
  visitor_hash text primary key,
  code text not null,
  created_at timestamptz not null
);

create table orders (
  id bigint generated always as identity primary key,
  profile_id bigint not null references profiles on delete restrict,
  created_by bigint references users on delete set null,
  state text not null check (state in ('reserved', 'settled', 'refused', 'given_up')),
  cart_version text not null,
  amount bigint not null check (amount >= 0),
  unit text not null check (unit ~ '^[a-z]{3}$'),
  charge_attempt_id bigint unique references charge_attempts on delete restrict,
  created_at timestamptz not null,
  closed_at timestamptz
);
-- The database itself refuses a second checkout while one is in flight.
create unique index orders_one_in_flight on orders (profile_id) where state = 'reserved';
create index orders_reserved on orders (created_at) where state = 'reserved';
create index orders_given_up on orders (closed_at) where state = 'given_up';
comment on column orders.state is 'refused: the processor said no; given_up: it was never asked as far as we know, and if it was after all its money still settles the order.';
comment on column orders.profile_id is 'Who pays.';

create table order_lines (
  id bigint generated always as identity primary key,
  order_id bigint not null references orders on delete restrict,
  rank smallint not null,
  kind text not null check (kind in ('period', 'use', 'setup', 'balance')),
  provider_id bigint not null references profiles on delete restrict,
  beneficiary_id bigint references profiles on delete restrict,
  plan_id bigint references plans on delete restrict,
  use_charge_id bigint references use_charges on delete restrict,
  subscription_id bigint references subscriptions on delete restrict,
  cart_item_id bigint references cart_items on delete set null,
  coupon_id bigint references coupons on delete restrict,
  quantity integer not null default 1 check (quantity >= 0),
  periods_count integer not null default 0 check (periods_count >= 0),
  period_type text check (period_type in ('hourly', 'daily', 'weekly', 'monthly', 'yearly')),
  covers_from timestamptz,
  covers_to timestamptz,
  amount bigint not null check (amount >= 0),
  unit text not null check (unit ~ '^[a-z]{3}$'),
  broker_fee_percent integer not null default 0 check (broker_fee_percent between 0 and 10000),
  description text not null,
  event_id text,
  ledger_entry_id bigint references ledger_entries on delete restrict,
  unique (order_id, rank),
  check (kind <> 'period' or (periods_count > 0 and period_type is not null and covers_from is not null and covers_to > covers_from))
);
create index order_lines_subscription_id on order_lines (subscription_id, covers_from);
create index order_lines_ledger_entry_id on order_lines (ledger_entry_id);
create index order_lines_cart_item_id on order_lines (cart_item_id) where cart_item_id is not null;
create index order_lines_coupon_id on order_lines (coupon_id) where coupon_id is not null;
comment on column order_lines.periods_count is 'Natural periods (months of a monthly plan) that the line pays for.';
comment on column order_lines.period_type is 'What kind of periods they are, as priced: the plan may change before the order is settled.';
comment on column order_lines.covers_to is 'Exclusive.';
