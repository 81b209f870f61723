-- Trials that run or wait for their conversion.
create index subscriptions_trials on subscriptions (trial_ends_at, id) where auto_renew and trial_ends_at = ends_at;
