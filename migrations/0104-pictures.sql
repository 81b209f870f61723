-- Pictures that people upload for themselves and their profiles.
create table pictures (
  key text primary key check (key ~ '^[0-9a-f]{40}$'),
  bytes bytea not null check (octet_length(bytes) between 1 and 200000),
  created_at timestamptz not null
);
comment on table pictures is 'WebP images of 256 by 256 pixels, at /pictures/{key}. Deleted when no user and no profile shows them.';

create index users_picture on users (picture) where picture is not null;
create index profiles_picture on profiles (picture) where picture is not null;

create function delete_unshown_picture() returns trigger language plpgsql as $$
begin
  delete from pictures
  where key = substring(old.picture from '/pictures/([0-9a-f]{40})$')
    and not exists (select from users where picture = old.picture)
    and not exists (select from profiles where picture = old.picture);
  return null;
end $$;
create trigger users_picture_deletion after update of picture or delete on users
  for each row when (old.picture is not null) execute function delete_unshown_picture();
create trigger profiles_picture_deletion after update of picture or delete on profiles
  for each row when (old.picture is not null) execute function delete_unshown_picture();
