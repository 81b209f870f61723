-- GET /api/users: full_name, the default order, for any page. The index has what a page in the middle skips: no row is read for it.
drop index users_full_name;
create index users_full_name on users (full_name, username) where is_active;
drop index contacts_full_name;
create index contacts_full_name on contacts (full_name, slug) where is_listed;
