-- Automatic charges of what auto-renewing subscriptions owe, and the rules of dunning that a provider sets.

create table renewal_charges (
  charge_attempt_id bigint primary key references charge_attempts on delete restrict,
  profile_id bigint not null references profiles on delete restrict,
  provider_id bigint not null references profiles on delete restrict,
  unit text not null check (unit ~ '^[a-z]{3}$'),
  trigger text not null check (trigger in ('renewal', 'schedule', 'card', 'manual')),
  amount bigint not null check (amount > 0),
  kind text check (kind in ('hard', 'card', 'action', 'soft', 'processor', 'paid')),
  code text,
  created_at timestamptz not null,
  closed_at timestamptz,
  check ((kind is null) = (closed_at is null))
);
create index renewal_charges_open on renewal_charges (charge_attempt_id) where closed_at is null;
create index renewal_charges_place on renewal_charges (profile_id, provider_id, unit, charge_attempt_id);
create index renewal_charges_provider_id on renewal_charges (provider_id);
create index renewal_charges_unreached on renewal_charges (created_at) where kind = 'processor';
comment on table renewal_charges is
  'Charges of a card on file that a job, a new card or a manual retry began: one row per attempt, inserted with it.';
comment on column renewal_charges.profile_id is 'The payer.';
comment on column renewal_charges.kind is 'Outcome; null until it was noted, which opens or moves the dunning case.';

create table dunning_terms (
  provider_id bigint primary key references profiles on delete restrict,
  retry_days jsonb check (jsonb_typeof(retry_days) = 'array' and jsonb_array_length(retry_days) <= 10),
  grace_days smallint check (grace_days between 0 and 365),
  access text check (access in ('keep', 'after_days', 'none')),
  access_days smallint check (access_days between 0 and 365),
  ends text check (ends in ('end', 'suspend', 'keep')),
  used_part text check (used_part in ('due', 'written_off')),
  updated_at timestamptz not null
);
comment on table dunning_terms is 'Rules of dunning of a provider. A null column takes the setting of the site.';
comment on column dunning_terms.retry_days is 'Days after the first failure at which the card is charged again.';
comment on column dunning_terms.access_days is 'Days of access after the first failure, with access after_days.';
