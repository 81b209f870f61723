-- The clean-up of invitations goes by the end of their keys.
create index roles_lapsed on roles (key_expires_at) where grant_key is not null;
