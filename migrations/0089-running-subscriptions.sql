-- What changes a running subscription: terms of plans, pauses, trials, quantities, credit, endings, dunning, recognition.
-- The defaults leave plans and subscriptions of today as they are.

alter table plans
  add column upgrade_mode text not null default 'prorate'
    check (upgrade_mode in ('prorate', 'period_end', 'none', 'full', 'refused')),
  add column downgrade_mode text not null default 'period_end'
    check (downgrade_mode in ('prorate', 'period_end', 'none', 'full', 'refused')),
  add column crossgrade_mode text not null default 'prorate'
    check (crossgrade_mode in ('prorate', 'period_end', 'none', 'full', 'refused')),
  add column tier integer check (tier between 0 and 1000000),
  add column pause_days_max smallint not null default 0 check (pause_days_max between 0 and 366),
  add column trial_days smallint not null default 0 check (trial_days between 0 and 365),
  add column trial_requires_card boolean not null default true,
  add column quantity_min integer not null default 1 check (quantity_min between 1 and 1000000),
  add column quantity_max integer check (quantity_max between quantity_min and 1000000),
  add column cancel_refund text not null default 'none' check (cancel_refund in ('none', 'credit', 'unused')),
  add column money_back_days smallint not null default 0 check (money_back_days between 0 and 366);
comment on column plans.upgrade_mode is 'What a change to this plan from one of less value does.';
comment on column plans.tier is 'Decides alone whether a change is an upgrade when both plans have one.';
comment on column plans.pause_days_max is 'Longest pause of a subscriber, in days; 0: not offered.';
comment on column plans.quantity_max is 'Null: the plan is not sold by quantity.';
comment on column plans.cancel_refund is 'What a subscriber may choose at a cancellation with immediate effect, beside none.';
comment on column plans.money_back_days is 'Days in which a subscriber may choose a full refund; 0: not offered.';

alter table subscriptions
  add column replaces_id bigint references subscriptions on delete restrict,
  add column quantity integer not null default 1 check (quantity between 1 and 1000000),
  add column trial_ends_at timestamptz,
  add column cancelled_at timestamptz,
  add column paused_at timestamptz,
  add column resumes_at timestamptz,
  add column suspended_at timestamptz,
  add constraint subscriptions_paused check (paused_at is null or resumes_at is not null);
create unique index subscriptions_replaces_id on subscriptions (replaces_id) where replaces_id is not null;
create index subscriptions_resumes_at on subscriptions (resumes_at) where paused_at is not null;
create index subscriptions_trial_ends_at on subscriptions (trial_ends_at) where trial_ends_at is not null;
create index subscriptions_renewal on subscriptions (ends_at, id) where auto_renew;
comment on column subscriptions.replaces_id is 'Row of the plan that a change left.';
comment on column subscriptions.cancelled_at is 'When the end at ends_at was decided; null again when the cancellation is taken back.';
comment on column subscriptions.paused_at is 'Set while the subscription is paused: no access, no renewal, no recognition.';
comment on column subscriptions.resumes_at is 'End of the running pause.';
comment on column subscriptions.suspended_at is 'Set while unpaid time stands still: no access, no renewal, no recognition.';

alter table order_lines drop constraint order_lines_kind_check;
alter table order_lines
  add constraint order_lines_kind_check check (kind in ('period', 'use', 'setup', 'balance', 'seats', 'trial')),
  add column renews_from timestamptz,
  add column credit_used bigint not null default 0 check (credit_used between 0 and amount);
create unique index order_lines_renewal on order_lines (subscription_id, renews_from) where renews_from is not null;
comment on column order_lines.renews_from is 'Beginning of the period that a renewal orders. One renewal per subscription and beginning.';
comment on column order_lines.credit_used is 'Part of the amount that credit paid when the order was placed.';

alter table coverages
  add column recognised bigint not null default 0 check (recognised between 0 and amount),
  add column recognised_until timestamptz,
  add column next_window_at timestamptz;
create index coverages_next_window_at on coverages (next_window_at, order_line_id, rank) where next_window_at is not null;
comment on column coverages.recognised is 'Income that ledger events have recognised of the amount.';
comment on column coverages.recognised_until is 'End (exclusive) of the time that was recognised; null before the first recognition.';
comment on column coverages.next_window_at is 'End of the next recognition window; null when nothing is left to recognise.';

-- Time that stands still while a subscription is paused or suspended.
create table frozen_coverages (
  order_line_id bigint not null references order_lines on delete restrict,
  rank smallint not null check (rank >= 0),
  subscription_id bigint not null references subscriptions on delete restrict,
  amount bigint not null check (amount >= 0),
  quantity integer not null check (quantity > 0),
  offset_ms bigint not null check (offset_ms >= 0),
  length_ms bigint not null check (length_ms > 0),
  primary key (order_line_id, rank)
);
create index frozen_coverages_subscription_id on frozen_coverages (subscription_id);
comment on column frozen_coverages.rank is 'Rank of the coverage that was closed.';
comment on column frozen_coverages.offset_ms is 'Distance from the resumption to the beginning of the coverage.';

create table pauses (
  id bigint generated always as identity primary key,
  subscription_id bigint not null references subscriptions on delete restrict,
  kind text not null check (kind in ('pause', 'suspension')),
  state text not null check (state in ('planned', 'running', 'ended', 'withdrawn')),
  starts_at timestamptz not null,
  resumes_at timestamptz,
  resumed_at timestamptz,
  rest_ms bigint check (rest_ms >= 0),
  reason text check (char_length(reason) <= 1000),
  created_by bigint references users on delete set null,
  created_at timestamptz not null
);
create unique index pauses_open on pauses (subscription_id) where state in ('planned', 'running');
create index pauses_subscription_id on pauses (subscription_id, starts_at);
create index pauses_created_by on pauses (created_by) where created_by is not null;
create index pauses_due on pauses (starts_at) where state = 'planned';
comment on column pauses.rest_ms is 'Paid time that was left when the pause began.';

create table credits (
  id bigint generated always as identity primary key,
  profile_id bigint not null references profiles on delete restrict,
  provider_id bigint not null references profiles on delete restrict,
  unit text not null check (unit ~ '^[a-z]{3}$'),
  amount bigint not null check (amount > 0),
  balance bigint not null check (balance between 0 and amount),
  is_refundable boolean not null,
  source_line_id bigint references order_lines on delete restrict,
  description text not null check (char_length(description) <= 500),
  ledger_event_id bigint not null references ledger_events on delete restrict,
  created_by bigint references users on delete set null,
  created_at timestamptz not null
);
create index credits_holder on credits (profile_id, provider_id, unit, created_at, id);
create index credits_provider_id on credits (provider_id, created_at desc, id desc);
create index credits_source_line_id on credits (source_line_id) where source_line_id is not null;
create index credits_created_by on credits (created_by) where created_by is not null;
create index credits_ledger_event_id on credits (ledger_event_id);
comment on table credits is 'Lots of money that a provider owes in future service. The id is the number of the lot: crd_{id}/.';
comment on column credits.profile_id is 'The holder.';
comment on column credits.balance is 'What may still be used: amount less the rows of credit_uses that were not returned.';
comment on column credits.source_line_id is 'Order line that the credit note took the amount from; null when the provider gave it.';

create table credit_uses (
  id bigint generated always as identity primary key,
  credit_id bigint not null references credits on delete restrict,
  order_line_id bigint references order_lines on delete restrict,
  amount bigint not null check (amount > 0),
  kind text not null check (kind in ('order', 'payout')),
  state text not null check (state in ('held', 'used', 'returned')),
  ledger_event_id bigint references ledger_events on delete restrict,
  created_at timestamptz not null,
  check ((kind = 'order') = (order_line_id is not null)),
  check (state = 'held' or state = 'returned' or ledger_event_id is not null)
);
create index credit_uses_credit_id on credit_uses (credit_id);
create index credit_uses_order_line_id on credit_uses (order_line_id) where order_line_id is not null;
create index credit_uses_ledger_event_id on credit_uses (ledger_event_id) where ledger_event_id is not null;
comment on table credit_uses is 'Parts of lots that orders use or that are paid out. Held while a payment of the order is open.';

create table subscription_changes (
  id bigint generated always as identity primary key,
  key text not null unique check (key ~ '^[0-9a-f]{40}$'),
  subscription_id bigint not null references subscriptions on delete restrict,
  plan_id bigint not null references plans on delete restrict,
  state text not null check (state in ('reserved', 'settled', 'refused', 'given_up')),
  effective_at timestamptz not null,
  terms jsonb not null,
  order_id bigint references orders on delete restrict,
  new_subscription_id bigint references subscriptions on delete restrict,
  created_by bigint references users on delete set null,
  created_at timestamptz not null,
  closed_at timestamptz
);
create unique index subscription_changes_open on subscription_changes (subscription_id) where state = 'reserved';
create index subscription_changes_subscription_id on subscription_changes (subscription_id, created_at);
create index subscription_changes_plan_id on subscription_changes (plan_id);
create index subscription_changes_order_id on subscription_changes (order_id) where order_id is not null;
create index subscription_changes_new_subscription_id on subscription_changes (new_subscription_id)
  where new_subscription_id is not null;
create index subscription_changes_created_by on subscription_changes (created_by) where created_by is not null;
comment on table subscription_changes is 'Changes of plan or quantity with immediate effect, recorded before a processor is called.';
comment on column subscription_changes.key is 'Digest of the preview key: a repeated request finds the row.';
comment on column subscription_changes.effective_at is 'Instant of the preview, of all rows and coverages of the change.';
comment on column subscription_changes.terms is 'The preview that the buyer agreed to.';

create table pending_changes (
  subscription_id bigint primary key references subscriptions on delete restrict,
  plan_id bigint not null references plans on delete restrict,
  option smallint not null default 1 check (option > 0),
  quantity integer not null check (quantity > 0),
  amount bigint not null check (amount >= 0),
  setup_amount bigint not null check (setup_amount >= 0),
  unit text not null check (unit ~ '^[a-z]{3}$'),
  effective_at timestamptz not null,
  order_id bigint references orders on delete restrict,
  created_by bigint references users on delete set null,
  created_at timestamptz not null
);
create index pending_changes_plan_id on pending_changes (plan_id);
create index pending_changes_effective_at on pending_changes (effective_at);
create index pending_changes_order_id on pending_changes (order_id) where order_id is not null;
create index pending_changes_created_by on pending_changes (created_by) where created_by is not null;
comment on table pending_changes is 'Changes that take effect at the end of what is paid. order_id is set once the renewal job wrote the order.';
comment on column pending_changes.amount is 'Promised price of the first period, without the setup fee.';

create table subscription_endings (
  subscription_id bigint primary key references subscriptions on delete restrict,
  kind text not null check (kind in ('cancelled', 'unpaid', 'trial', 'by_provider', 'changed')),
  reason text check (reason in
    ('too_expensive', 'missing_features', 'unused', 'switched', 'quality', 'support', 'temporary', 'other')),
  comment text check (char_length(comment) <= 1000),
  ends_at timestamptz not null,
  created_by bigint references users on delete set null,
  created_at timestamptz not null
);
create index subscription_endings_ends_at on subscription_endings (ends_at);
create index subscription_endings_created_by on subscription_endings (created_by) where created_by is not null;
comment on table subscription_endings is 'Why subscriptions ended or will end. A planned end that is taken back removes its row.';

create table trial_uses (
  profile_id bigint not null references profiles on delete restrict,
  plan_id bigint not null references plans on delete restrict,
  card_fingerprint text,
  created_at timestamptz not null,
  primary key (profile_id, plan_id)
);
create unique index trial_uses_card on trial_uses (plan_id, card_fingerprint) where card_fingerprint is not null;
comment on table trial_uses is 'One trial per profile and plan, and per card and plan.';

create table dunning_cases (
  id bigint generated always as identity primary key,
  profile_id bigint not null references profiles on delete restrict,
  provider_id bigint not null references profiles on delete restrict,
  unit text not null check (unit ~ '^[a-z]{3}$'),
  state text not null check (state in ('retrying', 'waiting', 'suspended', 'recovered', 'closed', 'ended')),
  terms jsonb not null,
  attempts_count smallint not null default 0 check (attempts_count >= 0),
  processor_failures_count smallint not null default 0 check (processor_failures_count >= 0),
  next_attempt_at timestamptz,
  ends_at timestamptz,
  frozen_at timestamptz,
  began_at timestamptz not null,
  closed_at timestamptz,
  check ((state in ('recovered', 'closed', 'ended')) = (closed_at is not null))
);
create unique index dunning_cases_open on dunning_cases (profile_id, provider_id, unit) where closed_at is null;
create index dunning_cases_profile_id on dunning_cases (profile_id, began_at desc, id desc);
create index dunning_cases_provider_id on dunning_cases (provider_id, began_at desc, id desc);
create index dunning_cases_due on dunning_cases (next_attempt_at) where closed_at is null;
create index dunning_cases_ends_at on dunning_cases (ends_at) where closed_at is null;
comment on table dunning_cases is 'One per payer, provider and unit while the charge of a renewal is unpaid.';
comment on column dunning_cases.terms is 'Settings of the case as they were on day 0: retry days, days of grace, access, end, used part.';
comment on column dunning_cases.ends_at is 'End of the grace; null when the case never ends a subscription.';
comment on column dunning_cases.frozen_at is 'Set while a payment is disputed.';

create table dunning_attempts (
  dunning_case_id bigint not null references dunning_cases on delete restrict,
  rank smallint not null check (rank > 0),
  trigger text not null check (trigger in ('renewal', 'schedule', 'card', 'manual')),
  charge_attempt_id bigint references charge_attempts on delete restrict,
  amount bigint not null check (amount > 0),
  kind text check (kind in ('hard', 'card', 'action', 'soft', 'processor', 'paid')),
  code text,
  is_counted boolean not null default true,
  created_at timestamptz not null,
  primary key (dunning_case_id, rank)
);
create index dunning_attempts_charge_attempt_id on dunning_attempts (charge_attempt_id) where charge_attempt_id is not null;
comment on column dunning_attempts.kind is 'Outcome; null while the payment is open.';

-- A profile whose books violate a rule: jobs leave it alone until the broker retries.
create table parked_profiles (
  profile_id bigint not null references profiles on delete restrict,
  job text not null,
  reason text not null check (char_length(reason) <= 2000),
  attempts_count integer not null default 1 check (attempts_count > 0),
  parked_at timestamptz not null,
  released_by bigint references users on delete set null,
  released_at timestamptz,
  primary key (profile_id, job)
);
create index parked_profiles_parked_at on parked_profiles (parked_at desc, profile_id) where released_at is null;
create index parked_profiles_released_by on parked_profiles (released_by) where released_by is not null;

-- Notices are sent once per occurrence.
create table sent_notices (
  kind text not null,
  subject_id bigint not null,
  occurrence text not null check (char_length(occurrence) <= 100),
  sent_at timestamptz not null,
  primary key (kind, subject_id, occurrence)
);
create index sent_notices_sent_at on sent_notices (sent_at);
comment on column sent_notices.subject_id is 'Id of the row that the kind of notice is about.';

alter table ledger_entries drop constraint ledger_entries_orig_account_check, drop constraint ledger_entries_dest_account_check;
alter table ledger_entries
  add constraint ledger_entries_orig_account_check check (orig_account in ('Payable', 'Liability', 'Refunded', 'Canceled',
    'settled', 'Receivable', 'Backlog', 'Income', 'Expenses', 'Funds', 'Refund', 'Chargeback', 'Withdraw', 'Offline',
    'Writeoff', 'Credit')),
  add constraint ledger_entries_dest_account_check check (dest_account in ('Payable', 'Liability', 'Refunded', 'Canceled',
    'settled', 'Receivable', 'Backlog', 'Income', 'Expenses', 'Funds', 'Refund', 'Chargeback', 'Withdraw', 'Offline',
    'Writeoff', 'Credit'));

drop trigger subscriptions_change on subscriptions;
create trigger subscriptions_change after update on subscriptions for each row
  when ((old.id, old.profile_id, old.plan_id, old.created_at, old.ends_at, old.grant_key, old.request_key,
      old.paused_at, old.suspended_at, old.trial_ends_at, old.quantity)
    is distinct from (new.id, new.profile_id, new.plan_id, new.created_at, new.ends_at, new.grant_key, new.request_key,
      new.paused_at, new.suspended_at, new.trial_ends_at, new.quantity))
  execute function note_change_by_profile('subscriptions');
drop trigger plans_change on plans;
create trigger plans_change after update on plans for each row
  when (old.* is distinct from new.*) execute function note_change_by_id('plan');
