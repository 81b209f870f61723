-- Cards and customers that change at the processor, cards that must not be tried again, facts of customers that are
-- sent after a change, and what is known of the account of the site.

alter table processor_events drop constraint processor_events_kind_check;
alter table processor_events add constraint processor_events_kind_check
  check (kind in ('charge', 'refund', 'dispute', 'payout', 'fee', 'account', 'orphan', 'card', 'customer'));

alter table payment_methods
  add column facts_at timestamptz,
  add column unusable_reason text check (unusable_reason in ('stopped', 'tries')),
  add column unusable_until timestamptz,
  add constraint payment_methods_unusable_check check (unusable_reason is not null or unusable_until is null);
create index payment_methods_keys on payment_methods (method_key, customer_key);
create index payment_methods_customer on payment_methods (customer_key);
comment on column payment_methods.facts_at is 'When the call began that read the facts of the card last; null: they are those of when it was put on file.';
comment on column payment_methods.unusable_reason is 'Why the card is charged no more: the bank stopped it, or it was declined too often.';
comment on column payment_methods.unusable_until is 'The card is charged again from then on; null: only after it is put on file again.';

alter table charge_attempts
  add column card_key text check (char_length(card_key) <= 511),
  add column decline_kind text check (decline_kind in ('authenticate', 'retry', 'new_card', 'stop', 'refused'));
create index charge_attempts_declined_card on charge_attempts (card_key, created_at)
  where state = 'declined' and card_key is not null;
comment on column charge_attempts.card_key is 'Customer and card at the processor of the card on file that is charged; null for a token.';
comment on column charge_attempts.decline_kind is 'Effect of a decline on the next attempt.';

alter table processor_customers
  add column deleted_at timestamptz,
  add column changes_count integer not null default 0,
  add column sent_count integer not null default 0,
  add column failures_count smallint not null default 0,
  add column next_at timestamptz;
create index processor_customers_changed on processor_customers (profile_id)
  where changes_count > sent_count and deleted_at is null;
create index processor_customers_key on processor_customers (customer_key);
comment on column processor_customers.deleted_at is 'When the processor was seen to have deleted the customer; the next call makes another one.';
comment on column processor_customers.changes_count is 'Grows with each change of the name, the e-mail address or the address of the profile.';
comment on column processor_customers.sent_count is 'The count of changes that the processor knows; less than changes_count: a job sends the facts of the profile.';
comment on column processor_customers.failures_count is 'Failed attempts to send the last change.';
comment on column processor_customers.next_at is 'The facts are not sent before; null: immediately.';

create function count_customer_change() returns trigger language plpgsql as $$
begin
  update processor_customers
    set changes_count = changes_count + 1, failures_count = 0, next_at = null
    where profile_id = new.id and deleted_at is null;
  return null;
end $$;
create trigger profiles_customer_changed
  after update of full_name, email, street_address, locality, region, postal_code, country on profiles
  for each row when (
    (old.full_name, old.email, old.street_address, old.locality, old.region, old.postal_code, old.country)
    is distinct from
    (new.full_name, new.email, new.street_address, new.locality, new.region, new.postal_code, new.country))
  execute function count_customer_change();

create table processor_accounts (
  processor text primary key,
  account_key text check (char_length(account_key) between 1 and 255),
  seen_at timestamptz,
  refusal_told_at timestamptz
);
comment on table processor_accounts is 'What is known of the account of the site at a payment processor.';
comment on column processor_accounts.account_key is 'Account of the key that was last accepted; null: not known.';
comment on column processor_accounts.refusal_told_at is 'When the broker was last told that the processor refuses the key.';
