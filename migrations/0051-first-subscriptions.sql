-- A plan records its first subscription, so that catalog decides which of its fields may change without a function of a
-- room above it. Subscriptions report the first one through the door of catalog; a subscription is never deleted while it
-- is the only one to its plan.
alter table plans add column first_subscribed_at timestamptz;
comment on column plans.first_subscribed_at is 'Beginning of the first subscription to the plan; null while it never had one. Never reset.';
update plans set first_subscribed_at = first.created_at
  from (select plan_id, min(created_at) as created_at from subscriptions group by plan_id) as first
  where first.plan_id = plans.id;

-- A coupon of an ordered cart item cannot be deleted; open cart items lose their coupon (on delete set null). A foreign key
-- cannot have two actions, hence the trigger. It is reported like a foreign key. Index: cart_items_coupon_id.
create function refuse_recorded_coupon() returns trigger language plpgsql as $$
begin
  if exists (select from cart_items where coupon_id = old.id and recorded_at is not null) then
    raise exception 'coupon % belongs to an ordered cart item', old.id using errcode = 'foreign_key_violation',
      table = 'cart_items', constraint = 'cart_items_recorded_coupon',
      detail = format('Coupon %s is still referenced from table "cart_items".', old.id);
  end if;
  return old;
end $$;
create trigger coupons_recorded before delete on coupons
  for each row execute function refuse_recorded_coupon();
