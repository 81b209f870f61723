-- Lists of people that a buyer uploaded and has not confirmed, one for each user; free entries.

create table seat_uploads (
  user_id bigint primary key references users on delete cascade,
  plan_id bigint not null references plans on delete cascade,
  key text not null check (char_length(key) <= 40),
  option integer not null check (option >= 0),
  people jsonb not null check (jsonb_typeof(people) = 'array' and jsonb_array_length(people) between 1 and 10000),
  created_at timestamptz not null
);
create index seat_uploads_plan_id on seat_uploads (plan_id);
create index seat_uploads_created_at on seat_uploads (created_at);
comment on table seat_uploads is 'Nothing is in the cart before the buyer confirms the list. Deleted after a day.';
comment on column seat_uploads.people is 'Array of {full_name, email}.';

-- A subscriber takes the free entry to plans with an unlock event ("access today, pay later") once for each provider.
create table free_entries (
  profile_id bigint not null references profiles on delete restrict,
  provider_id bigint not null references profiles on delete restrict,
  order_id bigint not null references orders on delete restrict,
  created_at timestamptz not null,
  primary key (profile_id, provider_id)
);
create index free_entries_provider_id on free_entries (provider_id);
create index free_entries_order_id on free_entries (order_id);

insert into free_entries (profile_id, provider_id, order_id, created_at)
  select distinct on (line.beneficiary_id, line.provider_id)
    line.beneficiary_id, line.provider_id, line.order_id, orders.created_at
  from order_lines line
  join orders on orders.id = line.order_id and orders.state = 'settled'
  join plans on plans.id = line.plan_id and coalesce(plans.unlock_event, '') <> ''
  where line.kind = 'period' and line.amount = 0 and line.coupon_id is null and line.claim_email is null
    and line.description like 'Access %' and line.beneficiary_id is not null
  order by line.beneficiary_id, line.provider_id, orders.created_at;
