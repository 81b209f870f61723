-- Refunds that failed after they had succeeded: the money is back with the provider.
alter table refunds
  add column reversed_at timestamptz,
  add constraint refunds_reversed_check check (reversed_at is null or state = 'failed');
comment on column refunds.reversed_at is 'When the booking of a refund that failed after it had succeeded was reversed; it is never booked again.';
