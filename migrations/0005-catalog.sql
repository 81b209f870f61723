-- What is sold and at which price. Amounts are in 1/100 of the unit; percentages in basis points.

create table plans (
  id bigint generated always as identity primary key,
  profile_id bigint not null references profiles on delete restrict,
  slug text not null unique check (slug ~ '^[-A-Za-z0-9_]{1,50}$'),
  title text not null check (char_length(title) between 1 and 50),
  description text not null default '' check (char_length(description) <= 10000),
  is_active boolean not null default false,
  is_not_priced boolean not null default false,
  is_personal boolean not null default false,
  unit text not null default 'usd' check (unit ~ '^[a-z]{3}$'),
  setup_amount bigint not null default 0 check (setup_amount >= 0),
  period_amount bigint not null default 0 check (period_amount >= 0),
  period_type text not null default 'yearly' check (period_type in ('hourly', 'daily', 'weekly', 'monthly', 'yearly')),
  period_length integer not null default 1 check (period_length between 1 and 1000),
  broker_fee_percent integer not null default 0 check (broker_fee_percent between 0 and 10000),
  renewal_type text not null default 'auto-renew' check (renewal_type in ('one-time', 'auto-renew', 'repeat')),
  skip_optin_on_grant boolean not null default false,
  optin_on_request boolean not null default false,
  unlock_event text check (char_length(unlock_event) <= 128),
  extra text,
  created_at timestamptz not null,
  unique (profile_id, title)
);
create index plans_period_amount on plans (period_amount, id);
create index plans_profile_id on plans (profile_id, period_amount, id);
comment on column plans.broker_fee_percent is 'Basis points of each line that go to the broker.';

create table advance_discounts (
  id bigint generated always as identity primary key,
  plan_id bigint not null references plans on delete cascade,
  discount_type text not null check (discount_type in ('percentage', 'currency', 'period')),
  discount_value bigint not null check (discount_value >= 0),
  length integer not null check (length between 1 and 1000)
);
create index advance_discounts_plan_id on advance_discounts (plan_id, length, id);
comment on column advance_discounts.length is 'Number of plan periods bought at once.';

create table use_charges (
  id bigint generated always as identity primary key,
  plan_id bigint not null references plans on delete cascade,
  slug text not null check (slug ~ '^[-A-Za-z0-9_]{1,50}$'),
  title text not null check (char_length(title) between 1 and 50),
  description text not null default '' check (char_length(description) <= 10000),
  use_amount bigint not null default 0 check (use_amount >= 0),
  quota integer not null default 0 check (quota >= 0),
  maximum_limit integer check (maximum_limit >= 0),
  extra text,
  created_at timestamptz not null,
  unique (plan_id, slug)
);

create table coupons (
  id bigint generated always as identity primary key,
  profile_id bigint not null references profiles on delete restrict,
  plan_id bigint references plans on delete restrict,
  code text not null check (code ~ '^[-A-Za-z0-9_]{1,50}$'),
  discount_type text not null check (discount_type in ('percentage', 'currency', 'period')),
  discount_value bigint not null check (discount_value >= 1 and (discount_type <> 'percentage' or discount_value <= 10000)),
  description text check (char_length(description) <= 1000),
  nb_attempts integer check (nb_attempts >= 0),
  ends_at timestamptz,
  extra text,
  created_at timestamptz not null
);
create unique index coupons_code on coupons (profile_id, lower(code));
create index coupons_ends_at on coupons (profile_id, ends_at, id);
comment on column coupons.nb_attempts is 'How often it can still be used; null means without limit.';
