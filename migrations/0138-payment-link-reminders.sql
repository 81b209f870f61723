-- Mailed payment links whose payers are reminded of what is still due.
create index payment_links_sent_at on payment_links (sent_at) where sent_at is not null;
