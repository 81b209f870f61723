-- Orders that are placed without paying, and the links that pay them.

create table payment_links (
  id bigint generated always as identity primary key,
  order_id bigint not null unique references orders on delete restrict,
  profile_id bigint not null references profiles on delete restrict,
  provider_id bigint not null references profiles on delete restrict,
  claim_code text not null,
  claim_code_hash text not null unique,
  amount bigint not null check (amount > 0),
  unit text not null check (unit ~ '^[a-z]{3}$'),
  adjustment_id bigint unique references adjustments on delete restrict,
  is_collected_in_full boolean not null default false,
  created_by bigint references users on delete set null,
  created_at timestamptz not null
);
create index payment_links_profile_id on payment_links (profile_id);
create index payment_links_provider_id on payment_links (provider_id, created_at desc, id desc);
create index payment_links_created_by on payment_links (created_by) where created_by is not null;
comment on table payment_links is 'Codes that pay orders which were placed without paying; no account is needed.';
comment on column payment_links.profile_id is 'The payer, who owes the order.';
comment on column payment_links.provider_id is 'Sells all lines of the order.';
comment on column payment_links.claim_code is 'Encrypted; 160 random bits.';
comment on column payment_links.claim_code_hash is 'Keyed hash, for look-ups.';
comment on column payment_links.amount is 'In 1/100 of the unit.';
comment on column payment_links.adjustment_id is
  'The payment or write-off by which the provider closed the link. The link is open again once that is reversed.';
comment on column payment_links.is_collected_in_full is 'True if the adjustment settled all that was due on the order.';
