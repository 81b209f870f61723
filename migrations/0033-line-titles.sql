-- What a line of a charge is for, as receipts and mails name it: titles and periods, no slugs or ids.
alter table charge_items add column title text not null default '' check (char_length(title) <= 1000);
comment on column charge_items.title is 'English; empty for lines whose order has no lines in the database. Pages compute the text in the language of the reader.';

update charge_items item set title = line.title
from (
  select distinct on (line.ledger_entry_id) line.ledger_entry_id,
    left(case line.kind
      when 'period' then plan.title || ', ' || line.periods_count || ' ' ||
        case line.period_type when 'hourly' then 'hour' when 'daily' then 'day' when 'weekly' then 'week'
          when 'monthly' then 'month' else 'year' end ||
        case when line.periods_count > 1 then 's' else '' end ||
        ' until ' || to_char(line.covers_to at time zone 'UTC', 'Mon FMDD, YYYY')
      when 'use' then line.quantity || ' × ' || coalesce(use.title, 'uses') || ', ' || plan.title
      when 'setup' then 'Setup fee for ' || plan.title
      else 'Balance due on ' || plan.title end, 1000) as title
  from order_lines line
  join plans plan on plan.id = line.plan_id
  left join use_charges use on use.id = line.use_charge_id
  where line.ledger_entry_id is not null
  order by line.ledger_entry_id, line.id
) line
where line.ledger_entry_id = item.invoiced_entry_id and line.title is not null;
