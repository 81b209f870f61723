-- Suspensions name the dunning case that stopped the time, so that its payment resumes them.

alter table pauses
  add column dunning_case_id bigint references dunning_cases on delete restrict,
  add constraint pauses_dunning check (dunning_case_id is null or kind = 'suspension');
create index pauses_dunning_case_id on pauses (dunning_case_id) where dunning_case_id is not null;
comment on column pauses.dunning_case_id is 'Case whose unpaid balance suspended the subscription; null for a pause.';
