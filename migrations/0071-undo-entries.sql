-- Changes that the user who made them may take back within a minute. Never money.

create table undo_entries (
  key_hash text primary key,
  user_id bigint not null references users (id) on delete cascade,
  kind text not null,
  inverse jsonb not null,
  expires_at timestamptz not null
);
create index undo_entries_user_id on undo_entries (user_id);
create index undo_entries_expiry on undo_entries (expires_at);
comment on column undo_entries.key_hash is 'SHA-256 of the key in the form of the message.';
comment on column undo_entries.kind is 'Kind of change: names the function that reverses it.';
comment on column undo_entries.inverse is 'What the function needs to reverse the change.';
