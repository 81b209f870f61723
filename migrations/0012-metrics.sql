-- Balance sheets that the broker composes of ledger accounts.

create table balance_lines (
  id bigint generated always as identity primary key,
  report text not null check (report ~ '^[-A-Za-z0-9_]{1,50}$'),
  title text not null check (char_length(title) between 1 and 255),
  selector text not null default '' check (char_length(selector) <= 255),
  is_positive boolean not null default false,
  rank integer not null,
  unique (report, rank) deferrable initially deferred
);
