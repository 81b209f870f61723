-- Billing profiles, the roles people hold on them, the agreements they sign.

create table profiles (
  id bigint generated always as identity primary key,
  slug text not null unique check (slug ~ '^[-A-Za-z0-9_]{1,50}$'),
  personal_user_id bigint unique references users on delete set null,
  full_name text not null default '' check (char_length(full_name) <= 100),
  email text not null default '' check (char_length(email) <= 254),
  phone text not null default '' check (char_length(phone) <= 50),
  street_address text not null default '' check (char_length(street_address) <= 150),
  locality text not null default '' check (char_length(locality) <= 50),
  region text not null default '' check (char_length(region) <= 50),
  postal_code text not null default '' check (char_length(postal_code) <= 50),
  country text not null default '' check (country ~ '^([A-Z]{2})?$'),
  default_timezone text not null default 'UTC' check (char_length(default_timezone) <= 100),
  picture text check (char_length(picture) <= 2083),
  is_active boolean not null default true,
  is_provider boolean not null default false,
  is_bulk_buyer boolean not null default false,
  is_processor boolean not null default false,
  extra text,
  created_at timestamptz not null
);
create index profiles_full_name on profiles (full_name, id);
create index profiles_created_at on profiles (created_at desc, id desc);
create index profiles_slug_lower on profiles (lower(slug));
create index profiles_email on profiles (lower(email));
create unique index profiles_processor on profiles (is_processor) where is_processor;
comment on column profiles.personal_user_id is 'Set for a personal profile: the user who is the profile. Never inferred from equal names.';
comment on column profiles.is_processor is 'The one row that stands for the payment processor in the ledger.';

alter table names add foreign key (profile_id) references profiles on delete cascade;
alter table sites add column broker_id bigint references profiles;

create table role_types (
  id bigint generated always as identity primary key,
  slug text not null unique check (slug ~ '^[-a-z0-9_]{1,50}$'),
  profile_id bigint references profiles on delete cascade,
  title text not null check (char_length(title) between 1 and 20),
  skip_optin_on_grant boolean not null default false,
  implicit_create_on_none boolean not null default false,
  otp_required boolean not null default false,
  extra text,
  created_at timestamptz not null
);
create index role_types_profile_id on role_types (profile_id, slug);
comment on column role_types.profile_id is 'Null for a global type, which every profile may use.';

create table roles (
  id bigint generated always as identity primary key,
  user_id bigint not null references users on delete cascade,
  profile_id bigint not null references profiles on delete cascade,
  role_type_id bigint references role_types on delete cascade,
  grant_key text unique check (grant_key ~ '^[0-9a-f]{40}$'),
  request_key text unique check (request_key ~ '^[0-9a-f]{40}$'),
  key_expires_at timestamptz,
  invited_email text check (char_length(invited_email) <= 254),
  accepted_at timestamptz,
  last_notified_at timestamptz,
  created_at timestamptz not null,
  ends_at timestamptz,
  extra text,
  unique (profile_id, user_id),
  check (grant_key is null or request_key is null),
  check (role_type_id is not null or request_key is not null)
);
create index roles_user_id on roles (user_id);
create index roles_profile_created_at on roles (profile_id, created_at desc, id desc);
comment on table roles is 'A role counts only when both keys are null and ends_at is null or in the future.';
comment on column roles.invited_email is 'The address an invitation was sent to: whoever accepts must have verified it. Null when invited by username.';
comment on column roles.accepted_at is 'When the user agreed to hold the role; null while pending and for roles given without asking.';
comment on column roles.last_notified_at is 'When somebody was last mailed about the row, to bound repeated requests.';

create table agreements (
  id bigint generated always as identity primary key,
  slug text not null unique check (slug ~ '^[-a-z0-9_]{1,150}$'),
  title text not null unique check (char_length(title) between 1 and 150),
  updated_at timestamptz not null
);

create table signatures (
  id bigint generated always as identity primary key,
  agreement_id bigint not null references agreements on delete cascade,
  user_id bigint not null references users on delete cascade,
  last_signed timestamptz not null,
  agreement_updated_at timestamptz not null,
  ip text,
  user_agent text check (char_length(user_agent) <= 255),
  unique (agreement_id, user_id)
);
create index signatures_user_id on signatures (user_id);
comment on table signatures is 'A signature holds while last_signed >= agreements.updated_at.';
