-- Seats that a buyer paid for people who have no account: claimed with a code that is mailed to them.

create table claims (
  id bigint generated always as identity primary key,
  order_id bigint not null references orders on delete restrict,
  profile_id bigint not null references profiles on delete restrict,
  email text not null check (char_length(email) between 3 and 254),
  full_name text not null default '' check (char_length(full_name) <= 150),
  code_hash text not null unique,
  created_at timestamptz not null,
  sent_at timestamptz not null,
  expires_at timestamptz not null
);
create unique index claims_place on claims (order_id, lower(email));
create index claims_profile_id on claims (profile_id, created_at, id);
comment on column claims.profile_id is 'The payer.';
comment on column claims.code_hash is 'SHA-256 of the code, which is 160 random bits. A code that is sent again replaces the former one.';
comment on column claims.expires_at is 'Exclusive. The seat itself does not expire: the payer can send a new code.';

alter table order_lines
  add column claim_email text check (char_length(claim_email) <= 254),
  add column claim_full_name text not null default '',
  add column claim_id bigint references claims on delete restrict;
create index order_lines_claim_id on order_lines (claim_id) where claim_id is not null;
create index order_lines_event_id on order_lines (event_id) where event_id like 'cpn\_%';
comment on column order_lines.claim_email is 'Address of the person without an account whom the line is for; such a line has no beneficiary.';

-- A claimed seat is an item of the claimer's cart that is paid already; it is there besides an item for the same plan.
alter table cart_items add column claim_id bigint references claims on delete restrict;
create unique index cart_items_claim on cart_items (claim_id, plan_id) where claim_id is not null;
drop index cart_items_user;
create unique index cart_items_user
  on cart_items (user_id, plan_id, coalesce(use_charge_id, 0), lower(coalesce(sync_on, '')), coalesce(claim_id, 0))
  where recorded_at is null and user_id is not null;
comment on index cart_items_claim is 'A code is good once: the seat is free again only if the claimer removes the item unordered.';
