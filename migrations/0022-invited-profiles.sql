-- A profile that a provider made for an address which no user has verified waits for the owner of the address.

alter table profiles add column invited_email text check (char_length(invited_email) between 3 and 254);
alter table profiles add column invited_as text check (invited_as in ('personal', 'organization'));
alter table profiles add column invited_by_profile_id bigint references profiles on delete cascade;
alter table profiles add constraint profiles_invited check (
  (invited_email is null) = (invited_as is null) and (invited_email is null) = (invited_by_profile_id is null)
);
create index profiles_invited_email on profiles (lower(invited_email)) where invited_email is not null;
comment on column profiles.invited_email is 'Address whose owner the profile waits for; null once a user has verified it. Such a profile has no manager.';
comment on column profiles.invited_as is 'personal: its subscriptions move to the personal profile of the owner; organization: the owner is invited to manage it.';

create index roles_invited_email on roles (lower(invited_email)) where invited_email is not null;
