-- Seats that their payer revoked before they were claimed, and seats whose time begins when they are claimed.

alter table claims add column revoked_at timestamptz;
comment on column claims.revoked_at is 'When the payer revoked the unclaimed seats. A seat that was paid is closed by its refund, a free one by this.';

alter table order_lines drop constraint order_lines_check;
alter table order_lines add constraint order_lines_period check (
  kind <> 'period' or (
    periods_count > 0 and period_type is not null
    and case
      when covers_from is null then covers_to is null and claim_email is not null
      else covers_to is not null and covers_to > covers_from
    end
  )
);
comment on column order_lines.covers_from is 'Inclusive. Null for a seat that no one has claimed: its time begins at the claim.';

-- Seats that were paid before had the time of their order.
update order_lines set covers_from = null, covers_to = null where kind = 'period' and claim_id is not null;
update order_lines paid set covers_from = own.covers_from, covers_to = own.covers_to
from cart_items item
  join order_lines own on own.cart_item_id = item.id and own.kind = 'period'
  join orders on orders.id = own.order_id and orders.state = 'settled'
where item.recorded_at is not null and paid.claim_id = item.claim_id and paid.plan_id = item.plan_id
  and paid.kind = 'period';
