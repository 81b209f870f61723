-- A given-up order keeps what it counted while its payment may still appear, so that no limit is exceeded by it.
alter table orders add column is_holding boolean not null default false;
create index orders_is_holding on orders (id) where is_holding;
comment on column orders.is_holding is 'True for a given-up order that keeps its redemptions of coupons and its free entries until its payment can no longer appear.';
