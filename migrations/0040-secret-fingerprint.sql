-- Which SECRET_KEY the sealed texts of this database belong to.

create table secret_fingerprints (
  id smallint primary key default 1 check (id = 1),
  fingerprint text not null check (fingerprint ~ '^[0-9a-f]{64}$'),
  created_at timestamptz not null
);
comment on table secret_fingerprints is 'Keyed hash of the master key that this database was first started with; one row. A start with another key is refused.';
