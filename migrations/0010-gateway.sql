-- Who may reach what of the application behind the gateway.

create table access_rules (
  id bigint generated always as identity primary key,
  site_id bigint not null references sites on delete cascade,
  rank integer not null check (rank >= 1),
  path text not null check (char_length(path) <= 255 and path ~ '^/[-A-Za-z0-9:{}/._~%]*$'),
  op smallint not null check (op between 0 and 18),
  params jsonb,
  is_forward boolean not null default true,
  engaged text not null default '' check (char_length(engaged) <= 50),
  unique (site_id, rank) deferrable initially deferred,
  unique (site_id, path)
);

create table engagements (
  id bigint generated always as identity primary key,
  user_id bigint not null references users on delete cascade,
  tag text not null check (char_length(tag) between 1 and 50),
  created_at timestamptz not null,
  last_visited_at timestamptz not null,
  unique (user_id, tag)
);
create index engagements_tag on engagements (tag);
