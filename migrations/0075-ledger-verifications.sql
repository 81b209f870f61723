-- Results of the job verify_ledger, for /metrics of every process.
create table ledger_verifications (
  id bigint generated always as identity primary key,
  verified_at timestamptz not null,
  took_ms bigint not null check (took_ms >= 0),
  events_count bigint not null,
  entries_count bigint not null,
  violations_count bigint not null
);
comment on table ledger_verifications is 'One row per run of the job verify_ledger.';
comment on column ledger_verifications.violations_count is 'Of each rule 100 at most.';
