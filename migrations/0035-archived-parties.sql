-- A profile or user that is archived gets no new role, order or cart item. A check before the insert cannot see an archiving
-- that commits meanwhile; the share lock here waits for it. Reported as a missing reference, like a deleted row.
-- Not on what is written after a card was charged (subscriptions, payment methods): money that was taken becomes an order.
create function refuse_archived_profile() returns trigger language plpgsql as $$
begin
  perform 1 from profiles where id = new.profile_id and is_active for share;
  if not found then
    raise exception 'profile % is archived', new.profile_id using errcode = 'foreign_key_violation',
      table = tg_table_name, constraint = tg_table_name || '_profile_is_active',
      detail = format('An active profile %s is not present in table "profiles".', new.profile_id);
  end if;
  return new;
end $$;
create function refuse_archived_user() returns trigger language plpgsql as $$
begin
  perform 1 from users where id = new.user_id and is_active for share;
  if not found then
    raise exception 'user % is archived', new.user_id using errcode = 'foreign_key_violation',
      table = tg_table_name, constraint = tg_table_name || '_user_is_active',
      detail = format('An active user %s is not present in table "users".', new.user_id);
  end if;
  return new;
end $$;
create trigger roles_profile_is_active before insert on roles
  for each row when (new.profile_id is not null) execute function refuse_archived_profile();
create trigger roles_user_is_active before insert on roles
  for each row when (new.user_id is not null) execute function refuse_archived_user();
create trigger orders_profile_is_active before insert on orders
  for each row execute function refuse_archived_profile();
create trigger cart_items_user_is_active before insert on cart_items
  for each row when (new.user_id is not null) execute function refuse_archived_user();
