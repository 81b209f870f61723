-- Wrong codes of an authenticator lock the network that sent them, so that a person with the password alone cannot lock
-- the user out.
create table totp_callers (
  user_id bigint not null references users on delete cascade,
  network text not null check (char_length(network) <= 64),
  failures_count integer not null default 0 check (failures_count >= 0),
  locked_until timestamptz,
  failed_at timestamptz,
  proved_at timestamptz,
  primary key (user_id, network)
);
create index totp_callers_failed_at on totp_callers (coalesce(proved_at, failed_at));
comment on table totp_callers is 'Networks that sent codes of an authenticator. A limit for each network; totp_factors has the limit for all of them together.';
comment on column totp_callers.network is 'Hash of the user and of the network: no address is stored.';
comment on column totp_callers.proved_at is 'Last right code from the network. Such a network is not locked by wrong codes of others.';
comment on column totp_factors.failures_count is 'Wrong codes from networks without a right code, since the last right code of any.';
comment on column totp_factors.locked_until is 'Until when networks without a right code are refused.';
