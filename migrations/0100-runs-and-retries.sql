-- What the operator asks about background work: when a job ran last, for how long, and who retried a parked row.
alter table outbox_events
  add column ran_at timestamptz,
  add column took_ms integer check (took_ms >= 0);
comment on column outbox_events.ran_at is 'Start of the last run of a job, by the site''s clock; null for events.';
comment on column outbox_events.took_ms is 'Real time of the last run of a job.';
create index outbox_events_failed on outbox_events (created_at, id) where delivered_at is null and last_error is not null;

create table outbox_retries (
  id bigint generated always as identity primary key,
  outbox_event_id bigint not null,
  name text not null,
  attempts_count integer not null check (attempts_count >= 0),
  last_error text,
  retried_by bigint references users on delete set null,
  retried_at timestamptz not null
);
create index outbox_retries_outbox_event_id on outbox_retries (outbox_event_id, id);
create index outbox_retries_retried_by on outbox_retries (retried_by) where retried_by is not null;
comment on table outbox_retries is 'Parked rows of the outbox that a manager of the broker retried. Kept when the row itself is deleted.';
