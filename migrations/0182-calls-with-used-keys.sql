-- Calls whose key the processor knows with another request are listed among the messages that could not be handled.
alter table processor_events drop constraint processor_events_kind_check;
alter table processor_events add constraint processor_events_kind_check
  check (kind in ('charge', 'refund', 'dispute', 'payout', 'fee', 'share', 'account', 'card', 'customer', 'orphan',
    'payment', 'action', 'setup', 'warning', 'call'));
