-- The open cases of a provider in the order of their list, without a read of all that were closed.
create index dunning_cases_provider_open on dunning_cases (provider_id, began_at desc, id desc) where closed_at is null;
