-- The check of the debts by age was part of the check of the counts of lists. Both have a function of their own:
-- the counts that lists show, and the figures of reports.

create function figure_errors() returns table (name text, expected bigint, found bigint) language sql stable as $$
  select * from metric_errors() union all select * from metric_debt_errors() union all select * from recurring_errors()
$$;

create or replace function list_count_errors() returns table (name text, expected bigint, found bigint) language sql stable as $$
  select * from row_count_errors() union all select * from subscription_count_errors()
  union all select * from ledger_profile_total_errors()
$$;

drop function list_count_errors_without_debts();
