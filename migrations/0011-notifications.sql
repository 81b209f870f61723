-- What a user does not want to be told.

create table notification_optouts (
  user_id bigint not null references users on delete cascade,
  event text not null check (char_length(event) <= 100),
  created_at timestamptz not null,
  primary key (user_id, event)
);
