-- The test processor keeps all disputes of a charge, so that each is booked under its own key.
alter table test_processor_charges add column disputes_count smallint not null default 0 check (disputes_count >= 0);
comment on column test_processor_charges.disputes_count is 'All but the last dispute were won; the state of the charge tells how the last one stands.';
update test_processor_charges charge set disputes_count = (
  select count(*) from ledger_events
  where ledger_events.key like 'dispute:' || charge.key || ':%' and ledger_events.key not like '%:reverted'
) where state in ('disputed', 'lost') or exists (
  select from ledger_events where ledger_events.key = 'dispute:' || charge.key || ':1'
);
