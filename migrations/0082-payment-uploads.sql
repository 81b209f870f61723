-- Lists of payments made outside of the site that were uploaded and checked, until they are confirmed.

create table payment_uploads (
  key text primary key check (key ~ '^[0-9a-f]{40}$'),
  provider_id bigint not null references profiles on delete cascade,
  payments jsonb not null,
  created_by bigint references users on delete set null,
  created_at timestamptz not null,
  confirmed_at timestamptz
);
create index payment_uploads_created_at on payment_uploads (created_at);
create index payment_uploads_provider_id on payment_uploads (provider_id);
create index payment_uploads_created_by on payment_uploads (created_by) where created_by is not null;
comment on column payment_uploads.payments is 'The rows of the file as they were typed; read again when they are confirmed.';
comment on column payment_uploads.confirmed_at is 'Instant at which all rows were recorded; null before.';
