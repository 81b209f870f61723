-- Orders of up to 10,000 seats: each line of a paid charge has up to six entries in the event of the charge.

drop view ledger_event_texts;
alter table ledger_entries alter column rank type integer;
-- The view of 0074, unchanged: the text of a rank does not depend on its type.
create view ledger_event_texts as
  select event.id as ledger_event_id,
    json_build_array('tollgate ledger event', 1, event.id, event.key, event.kind,
      (extract(epoch from event.created_at) * 1000000)::bigint, event.is_exchange_balanced, event.receipt_key)::text
    || string_agg(E'\n' || json_build_array(entry.rank, entry.id,
      (extract(epoch from entry.created_at) * 1000000)::bigint, entry.description,
      entry.subject_kind, entry.subject_id, entry.subject_part,
      entry.orig_profile_id, entry.orig_account, entry.orig_amount, entry.orig_unit,
      entry.dest_profile_id, entry.dest_account, entry.dest_amount, entry.dest_unit)::text, '' order by entry.rank) as text
  from ledger_events event join ledger_entries entry on entry.ledger_event_id = event.id
  group by event.id;
comment on view ledger_event_texts is 'Canonical text of each ledger event, version 1. Instants in microseconds since 1970 (UTC).';
