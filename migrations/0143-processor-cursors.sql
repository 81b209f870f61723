-- Up to when the messages of a payment processor were listed, for those that no request brought.
create table processor_cursors (
  processor text not null,
  account text not null default '' check (char_length(account) <= 255),
  swept_at timestamptz not null,
  primary key (processor, account)
);
comment on table processor_cursors is 'All messages that the processor made before swept_at were listed; the next list begins an hour earlier.';
