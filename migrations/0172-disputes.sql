-- What payment processors say of disputes, for pages. What was booked is in the ledger under the keys of the disputes.
create table disputes (
  id bigint generated always as identity primary key,
  charge_id bigint not null references charges on delete cascade,
  processor_key text not null unique check (processor_key <> ''),
  amount bigint not null check (amount > 0),
  unit text not null,
  state text not null check (state in ('inquiry', 'open', 'closed', 'lost', 'won')),
  -- Code of the bank's reason; empty if the processor names none.
  reason text not null check (length(reason) <= 100),
  -- True if an answer was sent, so that the bank decides.
  is_answered boolean not null,
  -- Until this instant the processor takes an answer; null without a limit.
  due_at timestamptz,
  opened_at timestamptz not null,
  -- Instant at which Tollgate learned of the end.
  closed_at timestamptz,
  check ((closed_at is null) = (state in ('inquiry', 'open')))
);
create index disputes_charge on disputes (charge_id);

-- Disputes that were booked before, without their reasons.
insert into disputes (charge_id, processor_key, amount, unit, state, reason, is_answered, opened_at, closed_at)
select charge.id, substr(opened.key, 9), taken.amount, charge.unit,
  case when reverted.id is not null then 'won' when charge.state = 'disputed' then 'open' else 'lost' end,
  '', false, opened.created_at,
  case when reverted.id is not null then reverted.created_at when charge.state <> 'disputed' then opened.created_at end
from ledger_events opened
join charges charge on charge.processor_key = opened.receipt_key
left join ledger_events reverted on reverted.key = opened.key || ':reverted'
cross join lateral (
  select sum(orig_amount) as amount from ledger_entries
  where ledger_event_id = opened.id and orig_account = 'Refunded' and orig_unit = charge.unit
) taken
where opened.kind = 'dispute' and opened.key like 'dispute:%' and taken.amount > 0;
