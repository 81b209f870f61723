-- Links of mails that ask the payer to confirm a renewal: they pay what is due without signing in.
create table finish_links (
  dunning_case_id bigint primary key references dunning_cases on delete restrict,
  key text not null check (key like 'v1.%'),
  key_hash text not null unique check (char_length(key_hash) = 64),
  charge_attempt_id bigint unique references charge_attempts on delete restrict,
  created_at timestamptz not null
);
comment on table finish_links is 'One per dunning case whose charge the bank wants the payer to confirm; works until the end of the grace.';
comment on column finish_links.key is 'Sealed with the master key; 160 random bits.';
comment on column finish_links.key_hash is 'Keyed hash, for look-ups.';
comment on column finish_links.charge_attempt_id is 'The newest payment that was begun by the link.';
