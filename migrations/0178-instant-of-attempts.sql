-- A job stores rows at the instant of its schedule, which a run that is late or makes up for a missed hour has passed.
-- What has to know when the processor was called needs the instant by the clock.
alter table charge_attempts add column reserved_at timestamptz;
comment on column charge_attempts.reserved_at is
  'Instant by the clock of the site at which the attempt was stored, before the processor is called; null: created_at.';
