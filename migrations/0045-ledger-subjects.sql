-- The subject of a ledger entry becomes three columns, the receipt of a ledger event becomes one. Until now both were texts
-- that readers took apart: `sub_12/requests/` on entries and order lines, `refund:ch_x:…` as the key of an event.

-- Stops before anything is changed when a subject has none of the forms that any version wrote: `sub_12/`, `sub_12/use/`,
-- `cha_7/`, `cha_7/3/`, `cpn_` and hexadecimal digits.
do $$
declare
  form constant text := '^(sub_[0-9]{1,19}/([^/]+/)?|cha_[0-9]{1,19}/([0-9]{1,19}/)?|cpn_[0-9a-f]+)$';
  named_max constant integer := 100;
  rows_count bigint;
  named text;
begin
  select count(*), string_agg(format('%s %s: %L', source, id, event_id), E'\n' order by source, id)
      filter (where place <= named_max)
    into rows_count, named
  from (
    select *, row_number() over (order by source, id) as place
    from (
      select 'ledger entry' as source, id, event_id from ledger_entries where event_id !~ form
      union all
      select 'order line', id, event_id from order_lines where event_id !~ form
    ) unreadable
  ) numbered;
  if rows_count > 0 then
    raise exception '% with an event_id that cannot be read; nothing was changed%', 
      case rows_count when 1 then '1 row' else rows_count || ' rows' end,
      E'\n' || named || case when rows_count > named_max then E'\n…' else '' end
      using errcode = 'data_exception';
  end if;
end $$;

-- `alter column … type … using` writes each table once. It fires no row trigger, so the triggers that keep the ledger
-- append-only stay enabled throughout. `event_id` must still exist when the expressions are evaluated; its index would be
-- rebuilt with the table.
drop index ledger_entries_event_id;
alter table ledger_entries add column subject_kind text, add column subject_id text, add column subject_part text;
alter table ledger_entries
  alter column subject_kind type text using split_part(event_id, '_', 1),
  alter column subject_id type text using substring(event_id from '_([^/]+)'),
  alter column subject_part type text using substring(event_id from '/([^/]*)/?$');
alter table ledger_entries drop column event_id;
alter table ledger_entries add constraint ledger_entries_subject check (
  (subject_kind is null) = (subject_id is null)
  and (subject_part is null or subject_kind is not null)
  and subject_kind ~ '^[a-z]{1,20}$'
  and subject_id ~ '^[^/]{1,100}$'
  and subject_part ~ '^[^/]{0,100}$'
);
create index ledger_entries_subject on ledger_entries (subject_kind, subject_id, subject_part);
comment on column ledger_entries.subject_kind is 'Kind of thing that the entry is about, as exports abbreviate it (sub, cha, cpn); null when it is about nothing. Balances due are kept by subject.';
comment on column ledger_entries.subject_id is 'Id of the subject in the room that owns it.';
comment on column ledger_entries.subject_part is 'Part of the subject with a balance of its own: slug of a use, id of a line of a charge. Empty: the subject itself. Null: a subject of a kind without parts.';

drop index order_lines_event_id;
alter table order_lines add column subject_kind text, add column subject_id text, add column subject_part text;
alter table order_lines
  alter column subject_kind type text using split_part(event_id, '_', 1),
  alter column subject_id type text using substring(event_id from '_([^/]+)'),
  alter column subject_part type text using substring(event_id from '/([^/]*)/?$');
alter table order_lines drop column event_id;
alter table order_lines add constraint order_lines_subject check (
  (subject_kind is null) = (subject_id is null) and (subject_part is null or subject_kind is not null)
);
create index order_lines_seats on order_lines (subject_id) where subject_kind = 'cpn';
comment on column order_lines.subject_kind is 'With subject_id and subject_part: subject of the ledger entry of the line, as in ledger_entries. Null until the line is booked, except on lines that pay a balance.';

alter table ledger_events add column receipt_key text;
alter table ledger_events
  alter column receipt_key type text using
    case when kind in ('charge', 'refund', 'dispute') then nullif(split_part(key, ':', 2), '') end;
alter table ledger_events add constraint ledger_events_receipt_key check (char_length(receipt_key) between 1 and 255);
comment on column ledger_events.receipt_key is 'Key of the receipt that the event is about: the processor''s key of the charge. Null: no receipt.';
