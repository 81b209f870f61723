-- Credit of subscribers: what credit notes took from orders, what credit paid of them, refunds and payouts of lots.

alter table order_lines
  add column noted_amount bigint not null default 0 check (noted_amount between 0 and amount),
  add column noted_due bigint not null default 0 check (noted_due between 0 and noted_amount);
comment on column order_lines.noted_amount is 'Part of the amount that credit notes took back.';
comment on column order_lines.noted_due is 'Part of noted_amount that reduced the open debt of the line.';

alter table charge_items
  add column credit_amount bigint not null default 0 check (credit_amount >= 0),
  add column noted_amount bigint not null default 0 check (noted_amount >= 0);
comment on column charge_items.credit_amount is 'Part of the order that credit paid, beside the amount. A refund returns it as credit.';
comment on column charge_items.noted_amount is
  'Sum of the credit notes on the order whose lots were not paid out. It cannot be refunded.';

alter table refunds drop constraint refunds_amount_check;
alter table refunds
  add constraint refunds_amount_check check (amount >= 0),
  add column is_payout boolean not null default false;
comment on column refunds.amount is 'Given back by the processor; 0 if the refund returns credit only.';
comment on column refunds.is_payout is 'Pays out credit: it reduces no invoice, because a credit note did.';
alter table refund_lines drop constraint refund_lines_amount_check;
alter table refund_lines
  add column credit_amount bigint not null default 0 check (credit_amount >= 0),
  add constraint refund_lines_amount_check check (amount >= 0 and amount + credit_amount > 0);
comment on column refund_lines.credit_amount is 'Returned as credit, because credit paid it.';

alter table credits add column returned_use_id bigint references credit_uses on delete restrict;
create index credits_returned_use_id on credits (returned_use_id) where returned_use_id is not null;
create index credits_open on credits (profile_id, provider_id, unit) where balance > 0;
comment on column credits.returned_use_id is 'Use that a refund returned; null for a lot of another origin.';
alter table credit_uses
  add column refund_id bigint references refunds on delete restrict,
  add constraint credit_uses_payout check ((kind = 'payout') = (refund_id is not null));
create index credit_uses_refund_id on credit_uses (refund_id) where refund_id is not null;
comment on column credit_uses.refund_id is 'Refund at the processor that pays out this part of the lot.';

alter table document_lines add column due_entry_id bigint references ledger_entries on delete restrict;
create index document_lines_due_entry_id on document_lines (due_entry_id) where due_entry_id is not null;
comment on column document_lines.due_entry_id is
  'Second entry of a line that reduced a debt and became credit; null for other lines.';

-- An order that is taken back (Payable → Receivable) is a credit to the subscriber: it is in the history.
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
        (orig_account in ('Liability', 'Refunded') and (orig_account, dest_account) <> ('Liability', 'Payable'))
        or (orig_account, dest_account) = ('Payable', 'Receivable'))
    ) as posting (profile_id, list, unit, rows_count, amount, is_listed)
  where posting.is_listed;
comment on view ledger_profile_postings is
  'List sales: from Receivable to another account than Canceled and Backlog. List funds: to or from Funds. List history: to Payable or Liability, from Liability or Refunded, or from Payable to Receivable, without the other entries between Payable and Liability. An entry counts once. Lists sales and funds have a row for both units of each entry.';
select rebuild_list_counts();
