-- Messages of payment processors that could not be handled: a person retries or ignores them.
alter table processor_events
  add column retried_by bigint references users on delete set null,
  add column retried_at timestamptz,
  add column ignored_by bigint references users on delete set null,
  add constraint processor_events_reason_check check (char_length(reason) <= 2000);
drop index processor_events_parked;
create index processor_events_parked on processor_events (done_at desc, event_key desc) where state = 'parked';
create index processor_events_retried_by on processor_events (retried_by) where retried_by is not null;
create index processor_events_ignored_by on processor_events (ignored_by) where ignored_by is not null;
comment on column processor_events.reason is 'Why the message is parked, or ignored: by the program, or by the manager in ignored_by.';
comment on column processor_events.done_at is 'When the message was handled, ignored or parked.';
comment on column processor_events.retried_at is 'The last time that a manager made the parked message due again.';
comment on column processor_events.ignored_by is 'The manager who ignored the parked message, at done_at.';
