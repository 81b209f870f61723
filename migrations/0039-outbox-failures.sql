-- Attempts of an event are its failures: a delivery that a crash cut short is repeated without being counted.

-- Until now each claim counted. An event that never failed has no error, so all of its claims were cut short.
update outbox_events set attempts_count = 0 where delivered_at is null and parked_at is null and last_error is null;

comment on column outbox_events.attempts_count is 'Deliveries that failed; deliveries that ended with their process are not counted.';
