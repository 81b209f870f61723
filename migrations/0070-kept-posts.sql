-- Forms of callers whose session ended before they were sent: shown again after the sign-in, never executed.

create table kept_posts (
  browser_hash text not null,
  path_hash text not null,
  owner_nonce text not null,
  owner_tag text not null,
  fields_sealed text not null check (length(fields_sealed) <= 100000),
  expires_at timestamptz not null,
  primary key (browser_hash, path_hash)
);
create index kept_posts_expiry on kept_posts (expires_at);
comment on column kept_posts.browser_hash is 'SHA-256 of the token in a cookie of the browser that sent the form.';
comment on column kept_posts.path_hash is 'SHA-256 of the path and query of the page.';
comment on column kept_posts.owner_tag is 'Keyed hash of owner_nonce and the user for whom the form was rendered: only that user sees it.';
comment on column kept_posts.fields_sealed is 'Texts of the fields as JSON, sealed and bound to browser_hash and path_hash; no secrets.';
