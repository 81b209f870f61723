create extension if not exists btree_gist;

create table subscriptions (
  id bigint generated always as identity primary key,
  profile_id bigint not null references profiles on delete restrict,
  plan_id bigint not null references plans on delete restrict,
  created_at timestamptz not null,
  ends_at timestamptz not null,
  auto_renew boolean not null default true,
  description text check (char_length(description) <= 10000),
  extra text,
  grant_key text unique check (grant_key ~ '^[0-9a-f]{40}$'),
  request_key text unique check (request_key ~ '^[0-9a-f]{40}$'),
  check (ends_at >= created_at),
  -- A profile holds a plan at most once at any instant.
  exclude using gist (profile_id with =, plan_id with =, tstzrange(created_at, ends_at) with &&)
);
create index subscriptions_profile_id on subscriptions (profile_id, ends_at, id);
create index subscriptions_plan_id on subscriptions (plan_id, ends_at, id);
comment on column subscriptions.created_at is 'Anchor of the periods; the subscription is active from it (inclusive) to ends_at (exclusive).';

create table subscription_uses (
  subscription_id bigint not null references subscriptions on delete cascade,
  use_charge_id bigint not null references use_charges on delete restrict,
  expiring_quota integer not null default 0 check (expiring_quota >= 0),
  rollover_quota integer not null default 0 check (rollover_quota >= 0),
  used_quantity integer not null default 0 check (used_quantity >= 0),
  period_quantity integer not null default 0 check (period_quantity >= 0),
  period_started_at timestamptz not null,
  primary key (subscription_id, use_charge_id)
);
comment on column subscription_uses.expiring_quota is 'Free uses left in the plan period that began at period_started_at.';
comment on column subscription_uses.rollover_quota is 'Uses bought in advance and not used yet; they do not expire.';
comment on column subscription_uses.period_quantity is 'Uses counted in the same plan period, free ones included.';
