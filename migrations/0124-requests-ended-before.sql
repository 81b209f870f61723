-- Requests that ended before a job gave their money back (0119), and for which nothing was paid or due: nothing is given
-- back, and no notice is sent about a request of the past. A line of a claimed seat is paid by lines of its payer.
insert into returned_requests (subscription_id, returned_at)
  select subscriptions.id, subscriptions.ends_at from subscriptions
  where request_key is not null and ends_at <= now() and not exists (
    select from order_lines line join orders on orders.id = line.order_id
      left join cart_items item on item.id = line.cart_item_id
    where line.subscription_id = subscriptions.id and orders.state = 'settled'
      and (line.amount > 0 or item.claim_id is not null))
  on conflict (subscription_id) do nothing;
