-- Payments that a user confirmed at the bank: the page to which the bank sends the browser looks up the newest.
create index charge_attempts_confirmed_by on charge_attempts (created_by, id) where intent_key is not null;
