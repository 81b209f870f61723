-- Messages about payments and cards that wait for their payer, about shares of the broker, and warnings of fraud.
alter table processor_events drop constraint processor_events_kind_check;
alter table processor_events add constraint processor_events_kind_check
  check (kind in ('charge', 'refund', 'dispute', 'payout', 'fee', 'share', 'account', 'card', 'customer', 'orphan',
    'payment', 'action', 'setup', 'warning'));

create table fraud_warnings (
  charge_id bigint not null references charges on delete restrict,
  processor_key text not null check (char_length(processor_key) between 1 and 255),
  fraud_type text not null check (char_length(fraud_type) <= 100),
  is_actionable boolean not null,
  warned_at timestamptz not null,
  primary key (charge_id, processor_key)
);
comment on table fraud_warnings is 'Warnings of banks that a payment is probably fraudulent, before any dispute.';
comment on column fraud_warnings.is_actionable is 'False once the charge is disputed or refunded whole: a refund no longer avoids the dispute.';

create table card_setups (
  processor text not null,
  setup_key text not null check (char_length(setup_key) between 1 and 255),
  account text not null check (char_length(account) <= 255),
  profile_id bigint not null references profiles on delete cascade,
  created_at timestamptz not null,
  primary key (processor, setup_key)
);
create index card_setups_profile on card_setups (profile_id);
create index card_setups_created on card_setups (created_at);
comment on table card_setups is 'Cards to keep that wait for the confirmation of their payer, until another card is put on file or all are removed; deleted after a day.';
