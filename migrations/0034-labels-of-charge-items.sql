-- Subscriber and plan of the lines of charges of earlier versions, which left them out: entries that settle or refund these
-- lines name them by it.
update charge_items item set event_label = line.label
from (
  select distinct on (line.ledger_entry_id) line.ledger_entry_id, left(profile.slug || ':' || plan.slug, 150) as label
  from order_lines line
  join plans plan on plan.id = line.plan_id
  join profiles profile on profile.id = line.beneficiary_id
  where line.ledger_entry_id is not null
  order by line.ledger_entry_id, line.id
) line
where line.ledger_entry_id = item.invoiced_entry_id and item.event_label = '';
