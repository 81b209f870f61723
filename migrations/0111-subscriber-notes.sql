-- Notes of a provider about a subscriber. A table of their own: the notes of the broker about contacts (activities) are read
-- by name and by profile in several places, and none of these may show a note of a provider.

create table subscriber_notes (
  id bigint generated always as identity primary key,
  provider_id bigint not null references profiles on delete cascade,
  profile_id bigint not null references profiles on delete cascade,
  created_by bigint references users on delete set null,
  text text not null check (char_length(text) between 1 and 10000),
  created_at timestamptz not null,
  updated_at timestamptz not null
);
comment on column subscriber_notes.profile_id is 'The subscriber, which cannot read the note.';
create index subscriber_notes_profile_id on subscriber_notes (profile_id, provider_id, created_at desc, id desc);
create index subscriber_notes_provider_id on subscriber_notes (provider_id);
create index subscriber_notes_created_by on subscriber_notes (created_by);
