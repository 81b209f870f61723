-- Events and jobs are claimed together, each up to a number of rows: a backlog of one kind must not be read to find rows
-- of the other.

create index outbox_events_due_events on outbox_events (next_attempt_at, id)
  where delivered_at is null and parked_at is null and not starts_with(name, 'job:');
create index outbox_events_due_jobs on outbox_events (next_attempt_at, id)
  where delivered_at is null and parked_at is null and starts_with(name, 'job:');
drop index outbox_events_due;
