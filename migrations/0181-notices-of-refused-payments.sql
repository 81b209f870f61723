-- When the broker was last notified that a processor refuses the payments of an account for a reason of the site.

create table processor_refusals (
  processor text not null,
  account text not null default '' check (char_length(account) <= 255),
  code text not null check (char_length(code) between 1 and 100),
  notified_at timestamptz not null,
  primary key (processor, account, code)
);
comment on table processor_refusals is
  'Last notice to the broker about payments that a processor refuses for a reason of the site, by account and code: one an hour.';
