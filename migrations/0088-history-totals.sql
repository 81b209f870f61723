-- GET /api/billing/{profile}/history: the count without reading the entries. A third list of ledger_profile_postings.
alter table ledger_profile_totals drop constraint ledger_profile_totals_list_check;
alter table ledger_profile_totals
  add constraint ledger_profile_totals_list_check check (list in ('sales', 'funds', 'history'));
create or replace view ledger_profile_postings as
  select entry.id, entry.created_at, posting.profile_id, posting.list, posting.unit, posting.rows_count, posting.amount
  from ledger_entries entry cross join lateral (values
      (dest_profile_id, 'funds', dest_unit, 1, dest_amount, dest_account = 'Funds'),
      (dest_profile_id, 'funds', orig_unit, 0, 0, dest_account = 'Funds'),
      (orig_profile_id, 'funds', orig_unit,
        case when dest_account = 'Funds' and dest_profile_id = orig_profile_id then 0 else 1 end, -orig_amount, orig_account = 'Funds'),
      (orig_profile_id, 'funds', dest_unit, 0, 0, orig_account = 'Funds'),
      (orig_profile_id, 'sales', orig_unit, 1, orig_amount,
        orig_account = 'Receivable' and dest_account not in ('Canceled', 'Backlog') and orig_amount > 0),
      (orig_profile_id, 'sales', dest_unit, 0, 0,
        orig_account = 'Receivable' and dest_account not in ('Canceled', 'Backlog') and orig_amount > 0),
      (dest_profile_id, 'history', dest_unit, 1, 0,
        dest_account in ('Payable', 'Liability') and orig_account <> 'Payable'
        and (orig_account, dest_account) <> ('Liability', 'Payable')),
      (orig_profile_id, 'history', orig_unit,
        case when dest_account in ('Payable', 'Liability') and dest_profile_id = orig_profile_id then 0 else 1 end, 0,
        orig_account in ('Liability', 'Refunded') and (orig_account, dest_account) <> ('Liability', 'Payable'))
    ) as posting (profile_id, list, unit, rows_count, amount, is_listed)
  where posting.is_listed;
comment on view ledger_profile_postings is
  'List sales: from Receivable to another account than Canceled and Backlog. List funds: to or from Funds. List history: to Payable or Liability, or from Liability or Refunded, without the entries between Payable and Liability. An entry counts once. Lists sales and funds have a row for both units of each entry.';
select rebuild_list_counts();
