-- What a buyer was last shown, so that a checkout that would differ is refused.

create table shown_lines (
  id bigint generated always as identity primary key,
  user_id bigint references users on delete cascade,
  visitor_hash text,
  scope text not null check (scope in ('cart', 'balance')),
  key text not null,
  offer text not null,
  due text,
  coupon_id bigint,
  coupon_ends_at timestamptz,
  shown_at timestamptz not null,
  check ((user_id is null) <> (visitor_hash is null))
);
create unique index shown_lines_place on shown_lines (coalesce(user_id, 0), coalesce(visitor_hash, ''), scope, key);
create index shown_lines_visitor on shown_lines (shown_at) where visitor_hash is not null;
comment on table shown_lines is 'One row per line of the latest response that showed it. Rows of cart items that another user or a cascade removed stay, so that the removal is noticed.';
comment on column shown_lines.key is '`item:<id of the cart item>` or `balance:<payer>:<event>:<entry>`.';
comment on column shown_lines.offer is 'JSON of the prices shown; compared as text.';
comment on column shown_lines.due is 'JSON of the parts due for the payer of the response; null when the response had no payer (an item that was added).';
comment on column shown_lines.coupon_id is 'No foreign key: a coupon that was deleted must still be missed.';

-- A code that a signed-in user entered before adding a plan that it applies to. Visitors have visitor_coupons.
create table user_coupons (
  user_id bigint primary key references users on delete cascade,
  code text not null,
  created_at timestamptz not null
);

-- A code that is entered before a plan is chosen is looked up without knowing the provider.
create index coupons_code_any on coupons (lower(code));
