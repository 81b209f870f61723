-- Trials that a provider extended by the end of the subscription, before a later end moved the trial: the trial was never
-- converted, and the first charge would be a renewal at the price of its day. They get the state that the same extension
-- has now. A row is certain when nothing but such an extension explains its end: no order, coverage, pause or change
-- reaches beyond the trial. Subscriptions that ended are left as they are.
update subscriptions set trial_ends_at = ends_at, anchor_at = ends_at
where trial_ends_at is not null and ends_at > trial_ends_at and ends_at > now()
  and grant_key is null and request_key is null and replaces_id is null and paused_at is null and suspended_at is null
  and exists (select from order_lines line where line.subscription_id = subscriptions.id and line.kind = 'trial')
  and not exists (select from order_lines line
    where line.subscription_id = subscriptions.id and line.kind in ('period', 'seats'))
  and not exists (select from coverages
    where coverages.subscription_id = subscriptions.id and coverages.ends_at > subscriptions.trial_ends_at)
  and not exists (select from pauses where pauses.subscription_id = subscriptions.id)
  and not exists (select from subscription_changes where subscription_changes.subscription_id = subscriptions.id)
  and not exists (select from pending_changes where pending_changes.subscription_id = subscriptions.id);
