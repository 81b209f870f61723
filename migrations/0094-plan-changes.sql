-- Changes of plan and quantity: who may charge the card of a subscriber, and plans whose seats are people.

alter table profiles add column allow_provider_charges boolean not null default false;
comment on column profiles.allow_provider_charges is
  'True if providers may charge the card on file when they change a subscription of the profile.';

alter table plans add column counts_people boolean not null default false;
comment on column plans.counts_people is
  'True if the quantity is a number of people: it cannot be less than the people in roles of the subscriber.';

create index subscription_changes_effective_at on subscription_changes (subscription_id, closed_at) where state = 'settled';
create index subscription_changes_given_up on subscription_changes (id) where state = 'given_up';
