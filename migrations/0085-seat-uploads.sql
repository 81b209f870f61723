-- Lists of people that a buyer uploaded and has not confirmed: one for each user.

create table seat_uploads (
  user_id bigint primary key references users on delete cascade,
  plan_id bigint not null references plans on delete cascade,
  key text not null check (char_length(key) <= 40),
  option integer not null check (option >= 0),
  people jsonb not null check (jsonb_typeof(people) = 'array' and jsonb_array_length(people) between 1 and 10000),
  created_at timestamptz not null
);
create index seat_uploads_plan_id on seat_uploads (plan_id);
create index seat_uploads_created_at on seat_uploads (created_at);
comment on table seat_uploads is 'Nothing is in the cart before the buyer confirms the list. Deleted after a day.';
comment on column seat_uploads.people is 'Array of {full_name, email}.';
