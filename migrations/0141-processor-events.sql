-- Messages of payment processors that wait for their handler. No payload is stored: the state is read with a call.
create table processor_events (
  event_key text primary key check (char_length(event_key) between 1 and 255),
  processor text not null,
  account text not null default '' check (char_length(account) <= 255),
  kind text not null check (kind in ('charge', 'refund', 'dispute', 'payout')),
  object_key text not null check (char_length(object_key) between 1 and 255),
  received_at timestamptz not null,
  state text not null default 'new' check (state in ('new', 'done', 'ignored', 'parked')),
  failures_count smallint not null default 0,
  next_at timestamptz not null,
  reason text,
  done_at timestamptz
);
create index processor_events_due on processor_events (next_at, event_key) where state = 'new';
create index processor_events_parked on processor_events (received_at) where state = 'parked';
create index processor_events_done on processor_events (done_at) where state in ('done', 'ignored');
comment on table processor_events is 'Messages of payment processors by webhook, each once; done and ignored ones are deleted after 35 days.';
comment on column processor_events.failures_count is 'Failed attempts to handle the message; a claim does not count.';
comment on column processor_events.next_at is 'The message is handled then, or again if the process that claimed it ended.';
comment on column processor_events.reason is 'Why the message is ignored or parked.';
