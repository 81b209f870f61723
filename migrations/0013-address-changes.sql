-- A link that stops or undoes a change of the e-mail address, and keys bound to the present address of their user.

alter table verifications drop constraint verifications_purpose_check;
alter table verifications add constraint verifications_purpose_check
  check (purpose in ('activate', 'recover', 'verify', 'login', 'stop_change'));

-- Keys and codes sent to an address that the user no longer has open nothing.
update verifications v set used_at = v.created_at, code_hash = null
from users u
where v.used_at is null and u.id = v.user_id
  and lower(v.address) is distinct from lower(case v.channel when 'email' then u.email else u.phone end);

comment on column verifications.purpose is
  'activate and recover set a password, verify proves an address, login is a second factor, stop_change cancels or undoes a change of address.';
