-- The glossary says notified.
alter table processor_accounts rename column refusal_told_at to refusal_notified_at;
