-- Orders of the lists of a provider by the other profile, one profile after the other (docs/decisions/0068).

-- GET /api/billing/{profile}/receivables: dest_profile. Of the entries to one profile, few may be sales of this provider.
create index ledger_entries_sales on ledger_entries (orig_profile_id, dest_profile_id, created_at, id)
  where orig_account = 'Receivable';
-- GET /api/billing/{profile}/transfers: orig_profile of what the funds received, dest_profile of what they sent.
create index ledger_entries_funds_in on ledger_entries (dest_profile_id, orig_profile_id, created_at, id)
  where dest_account = 'Funds';
create index ledger_entries_funds_out on ledger_entries (orig_profile_id, dest_profile_id, created_at, id)
  where orig_account = 'Funds';
