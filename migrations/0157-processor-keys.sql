-- Keys of a payment processor that replace those of the settings without a restart.
create table processor_keys (
  processor text primary key,
  secret_key text not null check (secret_key like 'v1.%'),
  publishable_key text not null check (char_length(publishable_key) between 1 and 255),
  replaces_hash text not null check (char_length(replaces_hash) = 64),
  set_at timestamptz not null
);
comment on table processor_keys is 'The key of the settings is used again once it differs from the one that replaces_hash names.';
comment on column processor_keys.secret_key is 'Sealed with the master key.';
comment on column processor_keys.replaces_hash is 'Keyed hash of the secret key in the settings when this one was stored.';
