-- Renewals that a cancellation at the end of the period gave back kept their period taken. After the cancellation was
-- withdrawn, the unique index order_lines_renewal refused each further renewal. Such a line has no time: every coverage
-- of it was closed before it began, and none stands still. A subscription that lapsed less than renewal_lapse_days ago
-- is renewed by the next run; one that lapsed before has ended.
update order_lines set renews_from = null
where renews_from is not null
  and exists (select from coverages where coverages.order_line_id = order_lines.id)
  and not exists (select from coverages
    where coverages.order_line_id = order_lines.id and coverages.ends_at > coverages.starts_at)
  and not exists (select from frozen_coverages where frozen_coverages.order_line_id = order_lines.id);
