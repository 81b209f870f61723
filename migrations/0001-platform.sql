-- What every room stands on: the site, the outbox, remembered answers to retried requests.

create table sites (
  id bigint generated always as identity primary key,
  slug text not null unique check (slug ~ '^[-A-Za-z0-9_]{1,50}$'),
  title text not null,
  entry_point text check (char_length(entry_point) <= 2083),
  session_backend smallint not null default 2 check (session_backend in (0, 1, 2)),
  session_key_sealed text,
  session_key_previous_sealed text,
  session_key_rotated_at timestamptz,
  authentication text not null default 'enabled' check (authentication in ('enabled', 'login-only', 'disabled')),
  cors_restricted boolean not null default true,
  welcome_email boolean not null default true,
  version integer not null default 1,
  created_at timestamptz not null
);
comment on column sites.version is 'Grows with each change of the site or its rules; caches compare it.';
comment on column sites.session_key_sealed is 'Key shared with the upstream, sealed with the master key (platform/crypto).';

create table outbox_events (
  id bigint generated always as identity primary key,
  name text not null check (char_length(name) <= 100),
  payload jsonb not null,
  created_at timestamptz not null,
  next_attempt_at timestamptz not null,
  attempts_count integer not null default 0,
  delivered_at timestamptz,
  parked_at timestamptz,
  last_error text
);
create index outbox_events_due on outbox_events (next_attempt_at, id) where delivered_at is null and parked_at is null;
comment on table outbox_events is 'Events written in the transaction that caused them; delivered at least once, parked after repeated failure.';

create table idempotency_records (
  scope text not null,
  key text not null check (char_length(key) between 1 and 255),
  fingerprint text not null,
  state text not null check (state in ('in_flight', 'done')),
  status smallint,
  headers jsonb,
  body_sealed text,
  created_at timestamptz not null,
  locked_until timestamptz not null,
  expires_at timestamptz not null,
  primary key (scope, key)
);
create index idempotency_records_expiry on idempotency_records (expires_at);
comment on column idempotency_records.scope is 'Who asked: user:{id}, visitor:{hash} or address:{hash}; a key is private to its caller.';
comment on column idempotency_records.locked_until is 'An in-flight record older than this was left by a crash and may be taken over.';
