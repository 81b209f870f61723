-- Counts of the rate limits, shared by all nodes. Both tables belong to src/platform.

create table rate_limits (
  key text primary key check (char_length(key) <= 255),
  points integer not null,
  expire bigint not null
);
create index rate_limits_expire on rate_limits (expire);
comment on table rate_limits is 'Attempts counted by src/platform/attempt-store.ts. Names, types and order of the columns are those of rate-limiter-flexible.';
comment on column rate_limits.key is 'Name of the limit and a hash of what is counted: addresses and names are not stored.';
comment on column rate_limits.points is 'Attempts in the current window, refused ones included.';
comment on column rate_limits.expire is 'End of the window, in milliseconds since 1970.';

-- Unlogged: a crash of the server loses at most the counts of the current minute.
create unlogged table request_counts (
  key text not null check (char_length(key) <= 200),
  minute integer not null,
  requests_count integer not null check (requests_count > 0),
  primary key (key, minute)
);
create index request_counts_minute on request_counts (minute);
comment on table request_counts is 'Requests of each account or network in a minute, the sum of all nodes.';
comment on column request_counts.minute is 'Minutes since 1970.';
