-- People the site knows, with or without a login, and the notes taken about them.

create table contacts (
  id bigint generated always as identity primary key,
  slug text not null unique check (slug ~ '^[-A-Za-z0-9_]{1,150}$'),
  user_id bigint references users on delete set null,
  email text check (char_length(email) <= 254),
  phone text check (char_length(phone) <= 50),
  full_name text not null default '' check (char_length(full_name) <= 100),
  nick_name text not null default '' check (char_length(nick_name) <= 60),
  lang text not null default 'en' check (char_length(lang) <= 8),
  picture text check (char_length(picture) <= 2083),
  extra text,
  created_at timestamptz not null
);
create unique index contacts_email on contacts (lower(email)) where email is not null;
create unique index contacts_phone on contacts (phone) where phone is not null;
create unique index contacts_user_id on contacts (user_id) where user_id is not null;

create table activities (
  id bigint generated always as identity primary key,
  contact_id bigint not null references contacts on delete cascade,
  profile_id bigint references profiles on delete set null,
  created_by bigint references users on delete set null,
  text text not null default '' check (char_length(text) <= 10000),
  extra text,
  created_at timestamptz not null
);
create index activities_contact_id on activities (contact_id, created_at, id);
create index activities_profile_id on activities (profile_id, created_at desc, id desc);
