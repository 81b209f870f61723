-- The test processor reports a lost dispute as such, so that a payment that was never seen disputed is booked with it.
alter table test_processor_charges
  drop constraint test_processor_charges_state_check,
  add constraint test_processor_charges_state_check check (state in ('created', 'done', 'failed', 'disputed', 'lost'));
