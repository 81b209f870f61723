-- Payments that no order wants: those that are disputed, and refunds of them that failed.

alter table orphan_payments drop constraint orphan_payments_state_check;
alter table orphan_payments
  add constraint orphan_payments_state_check check (state in ('watched', 'refunding', 'disputed', 'refunded')),
  add column failed_refunds_count smallint not null default 0;
comment on column orphan_payments.state is 'watched: an order may claim the payment until due_at; refunding: the refund is promised; disputed: the payer disputes it at the bank, which has the money; refunded: the payer has the money back.';
comment on column orphan_payments.failed_refunds_count is 'Refunds that failed, as seen last: another one opens its message again.';
