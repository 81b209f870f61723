-- A payment can wait for an action of the payer, a refund can stay pending, and rows name the account at the processor.

alter table charge_attempts
  add column account text not null default '' check (char_length(account) <= 255),
  add column intent_key text unique check (char_length(intent_key) between 1 and 255),
  add column expires_at timestamptz,
  drop constraint charge_attempts_state_check,
  add constraint charge_attempts_state_check
    check (state in ('reserved', 'awaiting_action', 'settled', 'declined', 'failed')),
  add constraint charge_attempts_awaiting_action
    check (state <> 'awaiting_action' or (intent_key is not null and expires_at is not null));
comment on column charge_attempts.account is 'Account at the processor: empty for the broker''s own, otherwise the key of a provider''s account.';
comment on column charge_attempts.intent_key is 'Key of the payment at the processor that waits or waited for an action of the payer.';
comment on column charge_attempts.expires_at is 'End of the wait for the payer, exclusive; the payment is then abandoned.';
comment on column charge_attempts.state is 'reserved: the processor may or may not have been called; awaiting_action: the payer must confirm with the bank before expires_at; settled: a charge row exists; declined: the processor refused; failed: the processor was never asked.';

alter table charges add column account text not null default '' check (char_length(account) <= 255);
comment on column charges.account is 'Account at the processor on which the charge was made, as in charge_attempts.';

alter table payment_methods add column account text not null default '' check (char_length(account) <= 255);
comment on column payment_methods.account is 'Account at the processor that keeps the card, as in charge_attempts.';

-- The test processor.
alter table test_processor_charges
  drop constraint test_processor_charges_outcome_check,
  add constraint test_processor_charges_outcome_check check (outcome in ('accepted', 'declined', 'action_required'));
alter table test_processor_refunds
  add column state text not null default 'succeeded' check (state in ('pending', 'succeeded', 'failed'));
