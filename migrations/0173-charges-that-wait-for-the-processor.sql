-- Automatic charges that the processor refused as one call too many: they are made later under the same key.
alter table charge_attempts
  add column again_at timestamptz,
  add column again_count smallint not null default 0;
comment on column charge_attempts.again_at is 'Instant from which a job makes the call again, with the same key; null: none does.';
comment on column charge_attempts.again_count is 'Calls that the job made again.';
create index charge_attempts_again on charge_attempts (id) where again_at is not null and state = 'reserved';
