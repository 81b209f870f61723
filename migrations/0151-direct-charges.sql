-- Charges on the accounts of providers: what an account can do, the broker's share of a charge, and its return.

alter table payout_accounts
  add column charges_enabled boolean not null default false,
  add column payouts_enabled boolean not null default false,
  add column details_submitted boolean not null default false,
  add column fee_payer text not null default '' check (fee_payer in ('', 'account', 'application')),
  add column requirements jsonb not null default '{}',
  add column checked_at timestamptz,
  add column denied_at timestamptz;
comment on column payout_accounts.charges_enabled is 'The processor accepts charges on the account. Last known, as all columns up to checked_at.';
comment on column payout_accounts.fee_payer is 'Who pays the fees of the processor: account (the provider) or application (the broker); empty: not known.';
comment on column payout_accounts.requirements is 'What the account owes to the processor: due and pending names, deadline, reason of a restriction.';
comment on column payout_accounts.denied_at is 'First of the calls that the processor refused for lack of access; null after one that it carried out.';

alter table charge_attempts
  add column broker_fee_amount bigint not null default 0 check (broker_fee_amount >= 0 and broker_fee_amount < amount);
comment on column charge_attempts.broker_fee_amount is 'Share of the broker that a charge on the account of a provider leaves to it, in 1/100 of unit.';

alter table refunds
  add column fee_state text check (fee_state in ('pending', 'returned', 'refused')),
  add column fee_amount bigint not null default 0 check (fee_amount >= 0);
create index refunds_fee_pending on refunds (id) where fee_state = 'pending';
comment on column refunds.fee_state is 'Return of the broker''s share to the account of the charge; null: nothing to return.';
comment on column refunds.fee_amount is 'The broker''s share to return, in 1/100 of the unit of the charge.';

-- A profile has one card for each account.
alter table payment_methods drop constraint payment_methods_pkey, add primary key (profile_id, account);

alter table processor_events drop constraint processor_events_kind_check;
alter table processor_events add constraint processor_events_kind_check
  check (kind in ('charge', 'refund', 'dispute', 'payout', 'fee', 'account'));
