-- Orders of up to 10,000 seats: each line of a paid charge has up to six entries in the event of the charge.

alter table ledger_entries alter column rank type integer;
alter table charge_items alter column rank type integer;
alter table order_lines alter column rank type integer;
