-- Indexes of the orders that the lists of large tables document, each with the list and the order (`o`) that it serves. An order
-- ends with the default order and the unique column of its list, reversed as a whole, so that one index serves both directions.
-- Orders that an earlier index serves: profiles by full_name (profiles_full_name), created_at (profiles_created_at) and slug
-- (profiles_slug_key); charges and ledger entries by created_at; contacts and users by username.

-- GET /api/users: full_name, and full_name of users in GET /api/accounts.
create index users_full_name on users (full_name, username);
create index contacts_full_name on contacts (full_name, slug);
-- GET /api/users: created_at, date_joined. Users: users_created_at.
create index contacts_created_at on contacts (created_at, full_name, slug);
-- GET /api/accounts and /api/accounts/users: email. The unique index on lower(email) omits users without an address.
create index users_email_order on users (email, full_name, id);

-- GET /api/profile/{profile}/subscribers/subscriptions and the lists of one plan: ends_at (the default) and created_at. The
-- subscriptions to all plans of a provider are in no order in subscriptions_plan_id.
create index subscriptions_ends_at on subscriptions (ends_at, id);
create index subscriptions_created_at on subscriptions (created_at, ends_at, id);

-- GET /api/billing/charges: amount, state, description (its first 200 characters: an entry of an index has at most 2,700 bytes).
create index charges_amount on charges (amount, created_at, id);
create index charges_state on charges (state, created_at, id);
create index charges_description on charges (left(description, 200), created_at, id);

-- GET /api/billing/transactions, and the lists of a profile with very many entries: amount, orig_amount, dest_amount, accounts,
-- description; orig_profile and dest_profile by slug and name, one profile after the other.
create index ledger_entries_orig_amount on ledger_entries (orig_amount, created_at, id);
create index ledger_entries_dest_amount on ledger_entries (dest_amount, created_at, id);
create index ledger_entries_orig_account on ledger_entries (orig_account, created_at, id);
create index ledger_entries_dest_account on ledger_entries (dest_account, created_at, id);
create index ledger_entries_description on ledger_entries (left(description, 200), created_at, id);
create index ledger_entries_orig_profile on ledger_entries (orig_profile_id, created_at, id);
create index ledger_entries_dest_profile on ledger_entries (dest_profile_id, created_at, id);
