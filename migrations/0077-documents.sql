-- Coverages of order lines, and documents: invoices of orders and credit notes of refunds. Both are filled from the orders that
-- were settled before.

-- The anchor of the periods becomes a column, because a change of plan or a pause moves it.
alter table subscriptions add column anchor_at timestamptz;
alter table subscriptions alter column anchor_at type timestamptz using created_at;
alter table subscriptions
  alter column anchor_at set default '-infinity',
  alter column anchor_at set not null;
create function default_subscription_anchor() returns trigger language plpgsql as $$
begin
  new.anchor_at := new.created_at;
  return new;
end $$;
create trigger subscriptions_anchor before insert on subscriptions
  for each row when (new.anchor_at = '-infinity') execute function default_subscription_anchor();
comment on column subscriptions.anchor_at is 'Boundaries of periods are anchor_at plus or minus whole periods. created_at unless the row that is inserted names another instant.';

alter table order_lines
  add column full_amount bigint check (full_amount >= amount),
  add column recurring_amount bigint check (recurring_amount >= 0),
  add column recurring_periods integer check (recurring_periods > 0),
  add constraint order_lines_recurring check ((recurring_amount is null) = (recurring_periods is null));
comment on column order_lines.full_amount is 'Price before discounts. Null for lines of versions that did not store it.';
comment on column order_lines.recurring_amount is 'Price of recurring_periods after advance discounts, before a coupon, without setup fee and uses. Null for lines that do not recur, and for lines of versions that did not store it.';
comment on column order_lines.recurring_periods is 'Natural periods that recurring_amount pays for.';

create table coverages (
  order_line_id bigint not null references order_lines on delete restrict,
  rank smallint not null check (rank >= 0),
  subscription_id bigint not null references subscriptions on delete restrict,
  amount bigint not null check (amount >= 0),
  quantity integer not null check (quantity > 0),
  anchor_at timestamptz not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  primary key (order_line_id, rank),
  check (ends_at >= starts_at)
);
create index coverages_subscription_id on coverages (subscription_id, ends_at);
comment on table coverages is 'Time that a line of an order pays for. One when the order is booked; changes close it and open others. The amounts of a line and what credit notes took from it add up to the price of the line.';
comment on column coverages.rank is 'Place among the coverages of the line, from 0.';
comment on column coverages.subscription_id is 'Subscription that uses the time; another one than that of the line after a change of plan.';
comment on column coverages.anchor_at is 'Anchor of the subscription when the coverage was opened: its position in periods is measured from it.';
comment on column coverages.ends_at is 'Exclusive.';

insert into coverages (order_line_id, rank, subscription_id, amount, quantity, anchor_at, starts_at, ends_at)
  select line.id, 0, line.subscription_id, line.amount, greatest(line.quantity, 1), subscription.created_at,
    line.covers_from, line.covers_to
  from order_lines line
  join orders on orders.id = line.order_id and orders.state = 'settled'
  join subscriptions subscription on subscription.id = line.subscription_id
  left join cart_items item on item.id = line.cart_item_id
  where line.kind = 'period' and line.claim_email is null and item.claim_id is null;
-- A seat for a person without an account is paid by one line and covered from its claim, which is a free line of another order.
insert into coverages (order_line_id, rank, subscription_id, amount, quantity, anchor_at, starts_at, ends_at)
  select distinct on (paid.id) paid.id, 0, claimed.subscription_id, paid.amount, greatest(paid.quantity, 1),
    subscription.created_at, claimed.covers_from, claimed.covers_to
  from order_lines claimed
  join orders on orders.id = claimed.order_id and orders.state = 'settled'
  join subscriptions subscription on subscription.id = claimed.subscription_id
  join cart_items item on item.id = claimed.cart_item_id and item.claim_id is not null
  join order_lines paid on paid.claim_id = item.claim_id and paid.plan_id = claimed.plan_id
    and paid.kind = 'period' and paid.claim_email is not null
  where claimed.kind = 'period' and claimed.claim_email is null
  order by paid.id, claimed.id;

create table document_counters (
  provider_id bigint not null references profiles on delete restrict,
  series text not null check (series in ('invoice', 'credit_note')),
  year integer not null,
  last_serial integer not null check (last_serial > 0),
  primary key (provider_id, series, year)
);
comment on table document_counters is 'Last number of each series. A row is the last lock of the transaction that posts the ledger event, so that a rollback returns the number and no number is missing.';

create table documents (
  id bigint generated always as identity primary key,
  series text not null check (series in ('invoice', 'credit_note')),
  provider_id bigint not null references profiles on delete restrict,
  profile_id bigint not null references profiles on delete restrict,
  year integer not null,
  serial integer not null check (serial > 0),
  number text not null generated always as (case series when 'credit_note' then 'CN-' else '' end || year::text || '-'
    || lpad(serial::text, greatest(6, length(serial::text)), '0')) stored,
  ledger_event_id bigint not null references ledger_events on delete restrict,
  invoice_id bigint references documents on delete restrict,
  amount bigint not null check (amount >= 0),
  unit text not null check (unit ~ '^[a-z]{3}$'),
  due_reduced bigint not null default 0 check (due_reduced >= 0),
  credited bigint not null default 0 check (credited >= 0),
  refunded bigint not null default 0 check (refunded >= 0),
  lot integer,
  seller jsonb not null,
  buyer jsonb not null,
  created_at timestamptz not null,
  unique (provider_id, series, year, serial),
  check ((series = 'credit_note') = (invoice_id is not null)),
  check (series = 'invoice' or amount = due_reduced + credited + refunded),
  check ((lot is null) = (credited = 0))
);
-- A document of one event is issued once.
create unique index documents_event on documents (ledger_event_id, provider_id, coalesce(invoice_id, 0));
create index documents_invoice_id on documents (invoice_id) where invoice_id is not null;
create index documents_profile_id on documents (profile_id, series, created_at, id);
comment on column documents.profile_id is 'The payer.';
comment on column documents.year is 'Calendar year of created_at in the time zone that the provider had then.';
comment on column documents.ledger_event_id is 'First event of the order, or the event of the refund.';
comment on column documents.invoice_id is 'Invoice that a credit note reduces.';
comment on column documents.due_reduced is 'With credited and refunded: how a credit note was settled. Part that reduced an open debt.';
comment on column documents.credited is 'Part that went to the credit lot.';
comment on column documents.refunded is 'Part that was paid back.';
comment on column documents.seller is 'Legal identity and address of the provider when the document was issued.';
comment on column documents.buyer is 'Legal identity and address of the payer when the document was issued.';

create table document_lines (
  document_id bigint not null references documents on delete restrict,
  rank smallint not null check (rank >= 0),
  kind text not null check (kind in ('period', 'use', 'setup', 'unused_time', 'seats', 'refund', 'unpaid_end')),
  ledger_entry_id bigint not null references ledger_entries on delete restrict,
  description text not null,
  full_amount bigint check (full_amount >= amount),
  amount bigint not null check (amount >= 0),
  covers_from timestamptz,
  covers_to timestamptz,
  primary key (document_id, rank)
);
create index document_lines_ledger_entry_id on document_lines (ledger_entry_id);
comment on column document_lines.ledger_entry_id is 'Entry of the order, or of the refund.';
comment on column document_lines.full_amount is 'Price before discounts. Null on credit notes, and if the order did not store it.';
comment on column document_lines.covers_from is 'With covers_to (exclusive): time that was bought, or given back.';

-- Orders in the order of their ledger events. The parties are those of today: earlier ones were not stored.
create temporary table numbered_events on commit drop as
  with zones as (
    select profiles.id, coalesce(max(zone.name), 'UTC') as name
    from profiles left join pg_timezone_names zone on lower(zone.name) = lower(profiles.default_timezone)
    where profiles.is_provider or exists (select from order_lines where provider_id = profiles.id)
    group by profiles.id
  )
  select event.id as ledger_event_id, line.provider_id, orders.profile_id, event.created_at, max(line.unit) as unit,
    sum(line.amount)::bigint as amount, extract(year from event.created_at at time zone zones.name)::integer as year
  from order_lines line
  join orders on orders.id = line.order_id and orders.state = 'settled'
  join ledger_entries entry on entry.id = line.ledger_entry_id
  join ledger_events event on event.id = entry.ledger_event_id and event.key = 'order:' || orders.id
  join zones on zones.id = line.provider_id
  where line.kind <> 'balance'
  group by event.id, line.provider_id, orders.profile_id, event.created_at, zones.name
  having sum(line.amount) > 0;

create function pg_temp.party(profile_id bigint) returns jsonb language sql stable as $$
  select jsonb_build_object('name', coalesce(nullif(full_name, ''), slug), 'street_address', street_address,
    'locality', locality, 'region', region, 'postal_code', postal_code, 'country', country, 'email', email)
  from profiles where id = profile_id
$$;

insert into documents (series, provider_id, profile_id, year, serial, ledger_event_id, amount, unit, seller, buyer, created_at)
  select 'invoice', provider_id, profile_id, year,
    row_number() over (partition by provider_id, year order by ledger_event_id), ledger_event_id, amount, unit,
    pg_temp.party(provider_id), pg_temp.party(profile_id), created_at
  from numbered_events order by ledger_event_id, provider_id;
insert into document_lines (document_id, rank, kind, ledger_entry_id, description, amount, covers_from, covers_to)
  select document.id, row_number() over (partition by document.id order by line.rank) - 1, line.kind, entry.id,
    line.description, line.amount, line.covers_from, line.covers_to
  from documents document
  join ledger_events event on event.id = document.ledger_event_id
  join ledger_entries entry on entry.ledger_event_id = event.id
  join order_lines line on line.ledger_entry_id = entry.id and line.provider_id = document.provider_id
    and line.kind <> 'balance'
  join orders on orders.id = line.order_id and event.key = 'order:' || orders.id;

-- One credit note per refund and invoice.
create temporary table refunded_lines on commit drop as
  with zones as (
    select provider.id, coalesce(max(zone.name), 'UTC') as name
    from (select distinct provider_id as id from documents) seller join profiles provider on provider.id = seller.id
    left join pg_timezone_names zone on lower(zone.name) = lower(provider.default_timezone)
    group by provider.id
  )
  select event.id as ledger_event_id, event.created_at, invoice.id as invoice_id, invoice.provider_id, invoice.profile_id,
    invoice.unit, entry.id as ledger_entry_id, entry.description, entry.orig_amount as amount,
    extract(year from event.created_at at time zone zones.name)::integer as year
  from refunds refund
  join charges charge on charge.id = refund.charge_id
  join ledger_events event on event.key = 'refund:' || charge.processor_key || ':' || refund.key
  join refund_lines line on line.refund_id = refund.id
  join charge_items item on item.id = line.charge_item_id
  join ledger_entries entry on entry.ledger_event_id = event.id and entry.orig_account = 'Refunded'
    and entry.subject_kind = 'cha' and entry.subject_part = item.id::text
  join document_lines invoiced on invoiced.ledger_entry_id = item.invoiced_entry_id
  join documents invoice on invoice.id = invoiced.document_id and invoice.series = 'invoice'
  join zones on zones.id = invoice.provider_id
  where refund.state = 'settled';

insert into documents (series, provider_id, profile_id, year, serial, ledger_event_id, invoice_id, amount, unit, refunded,
    seller, buyer, created_at)
  select 'credit_note', provider_id, profile_id, year,
    row_number() over (partition by provider_id, year order by ledger_event_id, invoice_id), ledger_event_id, invoice_id,
    sum(amount), unit, sum(amount), pg_temp.party(provider_id), pg_temp.party(profile_id), created_at
  from refunded_lines
  group by ledger_event_id, invoice_id, provider_id, profile_id, unit, year, created_at
  order by ledger_event_id, invoice_id;
insert into document_lines (document_id, rank, kind, ledger_entry_id, description, amount)
  select document.id, row_number() over (partition by document.id order by line.ledger_entry_id) - 1, 'refund',
    line.ledger_entry_id, line.description, line.amount
  from refunded_lines line
  join documents document on document.ledger_event_id = line.ledger_event_id and document.invoice_id = line.invoice_id;

drop function pg_temp.party(bigint);
insert into document_counters (provider_id, series, year, last_serial)
  select provider_id, series, year, max(serial) from documents group by provider_id, series, year;

create function documents_are_final() returns trigger language plpgsql as $$
begin
  raise exception 'a row of % is never changed: issue a credit note', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger documents_final before update or delete or truncate on documents
  for each statement execute function documents_are_final();
create trigger document_lines_final before update or delete or truncate on document_lines
  for each statement execute function documents_are_final();
