-- Changes of facts that processes keep in memory. Rows are written by triggers, so that no writer can forget them.
create table changes (
  id bigint generated always as identity,
  xid xid8 not null default pg_current_xact_id(),
  kind text not null,
  subject text not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (xid, id)
);
comment on table changes is
  'Changes of facts that processes keep in memory, written by triggers; deleted after an hour. Followers read the rows whose transaction was not visible to their last read.';
comment on column changes.xid is 'Transaction that made the change: rows become visible in the order of commits, not of ids.';
comment on column changes.kind is 'Kind of the fact; "all" when everything must be read again.';
comment on column changes.subject is 'Id or slug of what has changed; empty for a kind without subjects.';
comment on column changes.created_at is 'By the clock of the database.';

-- One function per column that names the subject. The argument is the kind. A changed subject makes two rows.
create function note_change_by_id() returns trigger language plpgsql as $$
begin
  if tg_op <> 'INSERT' then insert into changes (kind, subject) values (tg_argv[0], old.id::text); end if;
  if tg_op = 'INSERT' or tg_op = 'UPDATE' and new.id <> old.id then
    insert into changes (kind, subject) values (tg_argv[0], new.id::text);
  end if;
  return null;
end $$;

create function note_change_by_user() returns trigger language plpgsql as $$
begin
  if tg_op <> 'INSERT' then insert into changes (kind, subject) values (tg_argv[0], old.user_id::text); end if;
  if tg_op = 'INSERT' or tg_op = 'UPDATE' and new.user_id <> old.user_id then
    insert into changes (kind, subject) values (tg_argv[0], new.user_id::text);
  end if;
  return null;
end $$;

create function note_change_by_profile() returns trigger language plpgsql as $$
begin
  if tg_op <> 'INSERT' then insert into changes (kind, subject) values (tg_argv[0], old.profile_id::text); end if;
  if tg_op = 'INSERT' or tg_op = 'UPDATE' and new.profile_id <> old.profile_id then
    insert into changes (kind, subject) values (tg_argv[0], new.profile_id::text);
  end if;
  return null;
end $$;

create function note_change_by_slug() returns trigger language plpgsql as $$
begin
  if tg_op <> 'INSERT' then insert into changes (kind, subject) values (tg_argv[0], old.slug); end if;
  if tg_op = 'INSERT' or tg_op = 'UPDATE' and new.slug <> old.slug then
    insert into changes (kind, subject) values (tg_argv[0], new.slug);
  end if;
  return null;
end $$;

-- A contact is shown under a name while no user has it: new names matter.
create function note_username() returns trigger language plpgsql as $$
begin
  insert into changes (kind, subject) values ('username', new.username);
  return null;
end $$;

create function note_change() returns trigger language plpgsql as $$
begin
  insert into changes (kind, subject) values (tg_argv[0], '');
  return null;
end $$;

-- The absence of a session, key, profile, role type, plan or contact is never kept in memory: inserts are no changes.
create trigger sessions_change after update on sessions for each row
  when ((old.id, old.user_id, old.kind, old.secret_hash, old.logged_in_at, old.expires_at, old.ended_at)
    is distinct from (new.id, new.user_id, new.kind, new.secret_hash, new.logged_in_at, new.expires_at, new.ended_at))
  execute function note_change_by_id('session');
create trigger sessions_delete after delete on sessions for each row execute function note_change_by_id('session');

create trigger api_keys_change after update on api_keys for each row
  when ((old.id, old.user_id, old.pub_key, old.secret_hash, old.ends_at)
    is distinct from (new.id, new.user_id, new.pub_key, new.secret_hash, new.ends_at))
  execute function note_change_by_id('api-key');
create trigger api_keys_delete after delete on api_keys for each row execute function note_change_by_id('api-key');

create trigger users_change after update on users for each row
  when ((old.id, old.username, old.email, old.email_verified_at, old.phone, old.phone_verified_at, old.full_name,
      old.nick_name, old.lang, old.picture, old.password_hash, old.is_active, old.email_verification_required,
      old.phone_verification_required, old.extra)
    is distinct from (new.id, new.username, new.email, new.email_verified_at, new.phone, new.phone_verified_at, new.full_name,
      new.nick_name, new.lang, new.picture, new.password_hash, new.is_active, new.email_verification_required,
      new.phone_verification_required, new.extra))
  execute function note_change_by_id('user');
create trigger users_insert after insert on users for each row execute function note_username();
create trigger users_rename after update on users for each row
  when (old.username <> new.username) execute function note_username();
create trigger users_delete after delete on users for each row execute function note_change_by_id('user');

create trigger totp_factors_change after update on totp_factors for each row
  when ((old.user_id, old.confirmed_at) is distinct from (new.user_id, new.confirmed_at))
  execute function note_change_by_user('user');
create trigger totp_factors_insert after insert or delete on totp_factors for each row
  execute function note_change_by_user('user');

create trigger roles_change after update on roles for each row
  when ((old.user_id, old.profile_id, old.role_type_id, old.grant_key, old.request_key, old.accepted_at, old.created_at)
    is distinct from (new.user_id, new.profile_id, new.role_type_id, new.grant_key, new.request_key, new.accepted_at, new.created_at))
  execute function note_change_by_user('roles');
create trigger roles_insert after insert or delete on roles for each row execute function note_change_by_user('roles');

create trigger role_types_change after update on role_types for each row
  when (old.* is distinct from new.*) execute function note_change_by_id('role-type');
create trigger role_types_delete after delete on role_types for each row execute function note_change_by_id('role-type');

create trigger profiles_change after update on profiles for each row
  when (old.* is distinct from new.*) execute function note_change_by_id('profile');
create trigger profiles_delete after delete on profiles for each row execute function note_change_by_id('profile');

create trigger agreements_change after update on agreements for each row
  when (old.* is distinct from new.*) execute function note_change_by_slug('agreement');
create trigger agreements_insert after insert or delete on agreements for each row
  execute function note_change_by_slug('agreement');

create trigger signatures_change after insert or update or delete on signatures for each row
  execute function note_change_by_user('signatures');

create trigger subscriptions_change after update on subscriptions for each row
  when ((old.id, old.profile_id, old.plan_id, old.created_at, old.ends_at, old.grant_key, old.request_key)
    is distinct from (new.id, new.profile_id, new.plan_id, new.created_at, new.ends_at, new.grant_key, new.request_key))
  execute function note_change_by_profile('subscriptions');
create trigger subscriptions_insert after insert or delete on subscriptions for each row
  execute function note_change_by_profile('subscriptions');

create trigger plans_change after update on plans for each row
  when ((old.id, old.profile_id, old.slug, old.title, old.description, old.is_active, old.is_not_priced, old.is_personal,
      old.unit, old.setup_amount, old.period_amount, old.period_type, old.period_length, old.broker_fee_percent,
      old.renewal_type, old.skip_optin_on_grant, old.optin_on_request, old.unlock_event, old.extra)
    is distinct from (new.id, new.profile_id, new.slug, new.title, new.description, new.is_active, new.is_not_priced, new.is_personal,
      new.unit, new.setup_amount, new.period_amount, new.period_type, new.period_length, new.broker_fee_percent,
      new.renewal_type, new.skip_optin_on_grant, new.optin_on_request, new.unlock_event, new.extra))
  execute function note_change_by_id('plan');
create trigger plans_delete after delete on plans for each row execute function note_change_by_id('plan');

create trigger contacts_change after update on contacts for each row
  when ((old.slug, old.user_id) is distinct from (new.slug, new.user_id)) execute function note_change_by_slug('contact');
create trigger contacts_delete after delete on contacts for each row execute function note_change_by_slug('contact');

-- One site per deployment. A statement that shifts the ranks of all rules is one change.
create trigger sites_change after insert or update or delete on sites for each statement execute function note_change('site');
create trigger access_rules_change after insert or update or delete on access_rules for each statement
  execute function note_change('rules');

do $$
declare fact_table text;
begin
  foreach fact_table in array array['sessions', 'api_keys', 'users', 'totp_factors', 'roles', 'role_types', 'profiles',
    'agreements', 'signatures', 'subscriptions', 'plans', 'contacts', 'sites', 'access_rules']
  loop
    execute format('create trigger %I after truncate on %I for each statement execute function note_change(''all'')',
      fact_table || '_truncate', fact_table);
  end loop;
end $$;
