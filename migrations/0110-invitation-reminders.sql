-- Invitations and requests that wait are sent again; each row counts how often that was done.
alter table roles add column reminders_count smallint not null default 0 check (reminders_count >= 0);
alter table subscriptions add column reminders_count smallint not null default 0 check (reminders_count >= 0);
alter table claims add column reminders_count smallint not null default 0 check (reminders_count >= 0);
comment on column roles.reminders_count is 'Scheduled reminders that were sent while the role waited. Excludes what a person sent again.';
comment on column subscriptions.reminders_count is 'Scheduled reminders that were sent while the subscription waited for consent.';
comment on column claims.reminders_count is 'Scheduled reminders that were sent while the seat waited. Excludes codes that the payer sent again.';
create index roles_waiting on roles (id) where grant_key is not null or request_key is not null;
create index claims_created_at on claims (created_at);
