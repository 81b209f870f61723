-- Orders that a crash left open are found by the scheduled job finish_orders; no job per order is enqueued any more.
delete from outbox_events where name = 'job:finish_order' and delivered_at is null;
