-- Events that the balance at a payment processor shows too, by their instants: `tollgate payments reconcile` reads spans.
create index ledger_events_funds on ledger_events (created_at, id) where kind in (
  'charge', 'dispute', 'dispute_reverted', 'payout', 'payout_failed', 'processor_fee', 'refund', 'refund_failed'
);
