-- The clean-up of codes that visitors entered goes by their age.
create index visitor_coupons_created_at on visitor_coupons (created_at);
