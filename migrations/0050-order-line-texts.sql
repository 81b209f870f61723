-- The end of a subscription may move between the reservation and the settlement of an order. The text of its line is then
-- built again from the columns and this suffix; until now the date inside the stored text was replaced.
alter table order_lines add column description_suffix text;
comment on column order_lines.description_suffix is 'Part of the description of plan periods after the end date and the periods: discounts, coupon, beneficiary. Null when the description names no end date, and for lines that were closed before this column existed.';
update order_lines line
  set description_suffix = substring(line.description from '^Subscription to .+ until \d{4}/\d\d/\d\d \(\d+ [a-z]+\)(.*)$')
  from orders
  where orders.id = line.order_id and orders.state in ('reserved', 'given_up') and line.kind = 'period';

-- No version wrote cart_items.claim_code; a claimed seat names its claim in claim_id. Stops before anything is dropped when a
-- row has a code.
do $$
declare
  named_max constant integer := 100;
  rows_count bigint;
  named text;
begin
  select count(*), string_agg(format('cart item %s', id), E'\n' order by id) filter (where place <= named_max)
    into rows_count, named
  from (select id, row_number() over (order by id) as place from cart_items where claim_code is not null) coded;
  if rows_count > 0 then
    raise exception '% with a claim_code; nothing was changed%',
      case rows_count when 1 then '1 row' else rows_count || ' rows' end,
      E'\n' || named || case when rows_count > named_max then E'\n…' else '' end
      using errcode = 'data_exception';
  end if;
end $$;
drop index cart_items_claim_code;
alter table cart_items drop column claim_code;
