-- A charge settles every line of its order. A free line beside paid ones has an item of amount 0, so that the numbers of the
-- items are those of the lines.
alter table charge_items drop constraint charge_items_amount_check;
alter table charge_items add constraint charge_items_amount_check check (amount >= 0);
