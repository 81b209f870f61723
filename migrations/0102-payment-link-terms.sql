-- What a provider decides about orders that are paid later.
create table pay_later_terms (
  provider_id bigint primary key references profiles on delete restrict,
  is_allowed boolean not null,
  updated_at timestamptz not null
);
comment on table pay_later_terms is 'Whether buyers may order from a provider without paying, where the site allows it. Without a row they may.';

alter table payment_links add column sent_at timestamptz;
comment on column payment_links.sent_at is 'When the link was last mailed to the payer; null: never.';
