-- Keys of invitations and requests are stored sealed and looked up by a keyed hash. Keys of earlier versions stand in
-- clear until the next start seals them: the master key is no part of the database.

alter table roles drop constraint roles_grant_key_check;
alter table roles drop constraint roles_request_key_check;
alter table roles drop constraint roles_grant_key_key;
alter table roles drop constraint roles_request_key_key;
alter table roles add constraint roles_grant_key_check check (grant_key ~ '^(v1\.[-_A-Za-z0-9.]+|[0-9a-f]{40})$');
alter table roles add constraint roles_request_key_check check (request_key ~ '^(v1\.[-_A-Za-z0-9.]+|[0-9a-f]{40})$');
alter table roles add column grant_key_hash text unique check (char_length(grant_key_hash) = 64);
alter table roles add column request_key_hash text unique check (char_length(request_key_hash) = 64);
comment on column roles.grant_key is 'Sealed with the master key (platform/link-keys). Not null while the role waits for the user.';
comment on column roles.request_key is 'Sealed with the master key (platform/link-keys). Not null while the role waits for a manager.';
comment on column roles.grant_key_hash is 'HMAC-SHA256 of the key under the master key, for look-up.';

alter table subscriptions drop constraint subscriptions_grant_key_check;
alter table subscriptions drop constraint subscriptions_request_key_check;
alter table subscriptions drop constraint subscriptions_grant_key_key;
alter table subscriptions drop constraint subscriptions_request_key_key;
alter table subscriptions add constraint subscriptions_grant_key_check check (grant_key ~ '^(v1\.[-_A-Za-z0-9.]+|[0-9a-f]{40})$');
alter table subscriptions add constraint subscriptions_request_key_check check (request_key ~ '^(v1\.[-_A-Za-z0-9.]+|[0-9a-f]{40})$');
alter table subscriptions add column grant_key_hash text unique check (char_length(grant_key_hash) = 64);
alter table subscriptions add column request_key_hash text unique check (char_length(request_key_hash) = 64);
comment on column subscriptions.grant_key is 'Sealed with the master key (platform/link-keys). Not null while the subscription waits for the subscriber.';
comment on column subscriptions.request_key is 'Sealed with the master key (platform/link-keys). Not null while the subscription waits for the provider.';
comment on column subscriptions.grant_key_hash is 'HMAC-SHA256 of the key under the master key, for look-up.';
