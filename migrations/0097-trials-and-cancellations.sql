-- What a trial promises, cards that can be recognised, cancellations that give money back.

alter table order_lines
  add column trial_days smallint check (trial_days between 1 and 365),
  add column promised_amount bigint check (promised_amount >= 0),
  add column promised_setup_amount bigint check (promised_setup_amount >= 0),
  add constraint order_lines_trial check ((kind = 'trial') = (trial_days is not null)),
  add constraint order_lines_promise check (
    (trial_days is null) = (promised_amount is null) and (trial_days is null) = (promised_setup_amount is null));
create index order_lines_trials on order_lines (subscription_id) where kind = 'trial';
comment on column order_lines.promised_amount is 'Price of the first period after the trial, as it was shown at the start.';
comment on column order_lines.promised_setup_amount is 'Setup fee that is due at the end of the trial, as it was shown at the start.';

alter table payment_methods add column fingerprint text;
comment on column payment_methods.fingerprint is 'Equal for all uses of one card at the processor; null if the processor names none.';

-- A cancellation that gives money back is recorded before a processor is called.
create table cancellations (
  id bigint generated always as identity primary key,
  key text not null unique check (key ~ '^[0-9a-f]{40}$'),
  subscription_id bigint not null references subscriptions on delete restrict,
  state text not null check (state in ('reserved', 'settled', 'refused')),
  effective_at timestamptz not null,
  terms jsonb not null,
  result jsonb,
  created_by bigint references users on delete set null,
  created_at timestamptz not null,
  closed_at timestamptz,
  check ((state = 'reserved') = (closed_at is null)),
  check ((state = 'settled') = (result is not null))
);
create unique index cancellations_open on cancellations (subscription_id) where state = 'reserved';
create index cancellations_subscription_id on cancellations (subscription_id, created_at);
create index cancellations_reserved on cancellations (created_at, id) where state = 'reserved';
create index cancellations_created_by on cancellations (created_by) where created_by is not null;
comment on column cancellations.key is 'Digest of the preview key: a repeated request finds the row.';
comment on column cancellations.effective_at is 'Instant of the preview, of all rows of the cancellation.';
comment on column cancellations.terms is 'What the caller chose and agreed to.';
comment on column cancellations.result is 'Response of the cancellation, for repeated requests.';

create table cancellation_refunds (
  refund_id bigint primary key references refunds on delete restrict,
  cancellation_id bigint not null references cancellations on delete restrict
);
create index cancellation_refunds_cancellation_id on cancellation_refunds (cancellation_id);

alter table refunds add column is_held boolean not null default false;
comment on column refunds.is_held is
  'Booked by the cancellation that reserved it, in one ledger event with its other rows; jobs of refunds leave it alone.';
