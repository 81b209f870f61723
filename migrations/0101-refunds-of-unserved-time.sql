-- Refunds that take back time which is not served: their amount leaves the provider's Backlog, too.
alter table refunds add column returns_backlog boolean not null default false;
comment on column refunds.returns_backlog is 'True if the refund ends the service it refunds, such as a declined request. A plain refund leaves Backlog unchanged.';
