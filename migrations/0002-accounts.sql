-- Users, what they prove themselves with, and the sessions that result.

create table users (
  id bigint generated always as identity primary key,
  username text not null check (username ~ '^[-A-Za-z0-9_]{1,150}$'),
  email text check (char_length(email) <= 254),
  email_verified_at timestamptz,
  phone text check (phone ~ '^\+[0-9]{4,15}$'),
  phone_verified_at timestamptz,
  full_name text not null default '' check (char_length(full_name) <= 100),
  nick_name text not null default '' check (char_length(nick_name) <= 60),
  lang text not null default 'en' check (char_length(lang) <= 8),
  picture text check (char_length(picture) <= 2083),
  password_hash text,
  is_active boolean not null default true,
  email_verification_required boolean not null default false,
  phone_verification_required boolean not null default false,
  extra text,
  created_at timestamptz not null,
  last_login_at timestamptz
);
create unique index users_username on users (lower(username));
create unique index users_email on users (lower(email)) where email is not null;
create unique index users_phone on users (phone) where phone is not null;
create index users_created_at on users (created_at desc, id desc);
create index users_last_login_at on users (last_login_at desc, id desc);
comment on column users.password_hash is 'PHC string of Argon2id; null means that the user has no credentials yet.';
comment on column users.phone is 'E.164.';

-- Usernames, contact slugs and profile slugs are one namespace: whoever claims a name claims it here.
create table names (
  name text primary key check (name = lower(name) and char_length(name) between 1 and 150),
  user_id bigint references users on delete cascade,
  profile_id bigint,
  reserved_until timestamptz
);
create index names_user_id on names (user_id);
create index names_profile_id on names (profile_id);
comment on column names.reserved_until is 'Set when the name was given up: nobody else may take it before this instant.';

create table sessions (
  id text primary key check (char_length(id) between 16 and 64),
  user_id bigint not null references users on delete cascade,
  kind text not null check (kind in ('token', 'cookie')),
  secret_hash text unique,
  created_at timestamptz not null,
  logged_in_at timestamptz not null,
  expires_at timestamptz not null,
  last_seen_at timestamptz not null,
  ended_at timestamptz,
  ip text,
  user_agent text check (char_length(user_agent) <= 255)
);
create index sessions_user_id on sessions (user_id) where ended_at is null;
create index sessions_expires_at on sessions (expires_at);
comment on column sessions.id is 'Also the jti of the tokens issued for the session.';
comment on column sessions.secret_hash is 'SHA-256 of the cookie value; null for token sessions.';
comment on column sessions.logged_in_at is 'The last real login: a refresh is refused 30 days after it.';

create table api_keys (
  id bigint generated always as identity primary key,
  user_id bigint not null references users on delete cascade,
  title text not null default '' check (char_length(title) <= 100),
  pub_key text not null unique check (char_length(pub_key) = 32),
  secret_hash text not null,
  created_at timestamptz not null,
  ends_at timestamptz,
  last_used_at timestamptz
);
create index api_keys_user_id on api_keys (user_id, title, id);

create table totp_factors (
  user_id bigint primary key references users on delete cascade,
  secret_sealed text not null,
  created_at timestamptz not null,
  confirmed_at timestamptz,
  last_step bigint,
  failures_count integer not null default 0,
  locked_until timestamptz
);
comment on column totp_factors.last_step is 'The last 30-second step that was accepted: a code is good once.';

create table verifications (
  id bigint generated always as identity primary key,
  user_id bigint references users on delete cascade,
  channel text not null check (channel in ('email', 'phone')),
  address text not null check (char_length(address) <= 254),
  purpose text not null check (purpose in ('activate', 'recover', 'verify', 'login')),
  reason text check (char_length(reason) <= 255),
  key_hash text unique,
  code_hash text,
  code_failures_count integer not null default 0,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  code_expires_at timestamptz,
  used_at timestamptz
);
create index verifications_address on verifications (lower(address), created_at desc);
create index verifications_user_id on verifications (user_id);
comment on column verifications.key_hash is 'SHA-256 of the 40 hexadecimal characters sent; single use.';

create table ssh_keys (
  user_id bigint primary key references users on delete cascade,
  pubkey text not null check (char_length(pubkey) <= 500),
  updated_at timestamptz not null
);
