-- Messages that a processor lists no more: what changed in their time is compared with the books instead.
alter table processor_cursors
  add column missed_from_at timestamptz,
  add column missed_to_at timestamptz,
  add constraint processor_cursors_missed_check
    check ((missed_from_at is null) = (missed_to_at is null) and (missed_from_at is null or missed_from_at < missed_to_at));
comment on column processor_cursors.missed_from_at is 'Messages of this instant or later were not listed in time: a job compares the account with the books from here; null: none are missed.';
comment on column processor_cursors.missed_to_at is 'End of that span, exclusive.';
