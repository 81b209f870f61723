-- Requests that their provider never accepted, and whose money was given back: once per request.
create table returned_requests (
  subscription_id bigint primary key references subscriptions on delete cascade,
  returned_at timestamptz not null
);
comment on table returned_requests is
  'Requests for a subscription that ended before they were accepted, after their orders were taken back. A declined one is here, too.';

-- Requests that were declined before this migration.
insert into returned_requests (subscription_id, returned_at)
  select subscriptions.id, subscriptions.ends_at from subscriptions
  where request_key is not null and ends_at <= now() and (
    exists (select from ledger_events where key = 'decline:' || subscriptions.id)
    or exists (
      select from order_lines line join charge_items item on item.invoiced_entry_id = line.ledger_entry_id
        join refund_lines back on back.charge_item_id = item.id join refunds on refunds.id = back.refund_id
      where line.subscription_id = subscriptions.id and refunds.returns_backlog));
create index subscriptions_requested_ends_at on subscriptions (id, ends_at) where request_key is not null;
