-- All messages that wait for one object are handled by one call.
create index processor_events_object on processor_events (object_key) where state = 'new';
-- A message about an account that no provider has is not stored.
create index payout_accounts_account on payout_accounts (account) where account <> '';
