-- Cards of payments that are decided later: the processor needs them until then, and they are removed there afterwards.

alter table charge_attempts
  add column unwanted_customer_key text check (char_length(unwanted_customer_key) <= 255),
  add column unwanted_method_key text check (char_length(unwanted_method_key) <= 255),
  add constraint charge_attempts_unwanted_card_check
    check ((unwanted_customer_key is null) = (unwanted_method_key is null));
comment on column charge_attempts.unwanted_customer_key is 'Customer at the processor of a card that the payer does not want on file, while the processor decides the payment; null otherwise.';
comment on column charge_attempts.unwanted_method_key is 'Card of that customer. It is removed at the processor when the payment is decided.';
