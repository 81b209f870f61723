-- Payments that wait for a confirmation: the page of a payment link looks up that of its visitor.
create index charge_attempts_awaiting on charge_attempts (profile_id) where state = 'awaiting_action';
