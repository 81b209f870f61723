-- Names are stored in lower case, so that a unique slug is unique in any case. Names that differ in case only would become one:
-- the migration then stops and lists them, to be renamed first.

do $$
declare
  clashes text;
begin
  select string_agg(clash, '; ') into clashes
  from (
    select 'users: ' || string_agg(username, ', ' order by id) as clash
    from users group by lower(username) having count(*) > 1
    union all
    select 'profiles: ' || string_agg(slug, ', ' order by id) from profiles group by lower(slug) having count(*) > 1
    union all
    select 'plans: ' || string_agg(slug, ', ' order by id) from plans group by lower(slug) having count(*) > 1
    union all
    select 'contacts: ' || string_agg(slug, ', ' order by id) from contacts group by lower(slug) having count(*) > 1
    union all
    select 'sites: ' || string_agg(slug, ', ' order by id) from sites group by lower(slug) having count(*) > 1
  ) found;
  if clashes is not null then
    raise exception 'names differ in case only; rename all but one of each group: %', clashes;
  end if;
end
$$;

update users set username = lower(username) where username <> lower(username);
update profiles set slug = lower(slug) where slug <> lower(slug);
update plans set slug = lower(slug) where slug <> lower(slug);
update contacts set slug = lower(slug) where slug <> lower(slug);
update sites set slug = lower(slug) where slug <> lower(slug);

alter table users add constraint users_username_lower check (username = lower(username));
alter table profiles add constraint profiles_slug_lower_case check (slug = lower(slug));
alter table plans add constraint plans_slug_lower check (slug = lower(slug));
alter table contacts add constraint contacts_slug_lower check (slug = lower(slug));
alter table sites add constraint sites_slug_lower check (slug = lower(slug));

-- Lookups compare the stored name itself.
drop index users_username;
create unique index users_username on users (username);
