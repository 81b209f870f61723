-- Customers at a payment processor, the card among those of a customer, and a name of this installation.
create table processor_customers (
  profile_id bigint not null references profiles on delete cascade,
  processor text not null,
  account text not null default '' check (char_length(account) <= 255),
  generation smallint not null default 1 check (generation >= 1),
  customer_key text not null check (char_length(customer_key) between 1 and 255),
  created_at timestamptz not null,
  primary key (profile_id, processor, account, generation)
);
comment on table processor_customers is 'A profile as a customer of a payment processor, per account there. Attempts of an earlier generation are looked up with its key.';
comment on column processor_customers.generation is 'Grows when the processor deleted the customer and a new one was made.';

alter table payment_methods add column method_key text not null default '' check (char_length(method_key) <= 255);
comment on column payment_methods.method_key is 'Key of the card among those of the customer; empty at a processor that gives each card a customer of its own.';

alter table sites add column installation text not null default replace(gen_random_uuid()::text, '-', '')
  check (installation ~ '^[0-9a-f]{32}$');
comment on column sites.installation is 'Random name of this installation, which marks its objects at a payment processor.';
