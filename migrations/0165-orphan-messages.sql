-- Every kind of message of a payment processor, and payments that no order wants, which are listed among the parked ones.
alter table processor_events drop constraint processor_events_kind_check;
alter table processor_events add constraint processor_events_kind_check
  check (kind in ('charge', 'refund', 'dispute', 'payout', 'fee', 'account', 'card', 'customer', 'orphan'));
