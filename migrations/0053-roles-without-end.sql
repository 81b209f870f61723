-- No version of Tollgate wrote roles.ends_at. A role is in effect when both keys are null.
-- Stops if a row has an end date: without the column, an ended role would be in effect again.
do $$
declare
  dated text;
begin
  select string_agg(id::text, ', ' order by id) into dated from roles where ends_at is not null;
  if dated is not null then
    raise exception 'roles with an end date: %', dated
      using hint = 'Delete the roles that have ended, set ends_at to null in the others, and start again.';
  end if;
end $$;
alter table roles drop column ends_at;
comment on table roles is 'A role is in effect only when both keys are null.';
