import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pricedFor, refuseSoldQuantity, soldQuantity } from './sold-quantity.ts';

const single = { quantity_min: 1, quantity_max: null, period_amount: 1000 };
const team = { quantity_min: 2, quantity_max: 50, period_amount: 1000 };

test('the quantity of an order is within the limits of the plan, and 1 for a plan without', () => {
  assert.deepEqual(
    [0, 1, 2, 7, 50, 51].map((wanted) => soldQuantity(team, wanted)),
    [2, 2, 2, 7, 50, 50],
  );
  assert.deepEqual(
    [0, 1, 9].map((wanted) => soldQuantity(single, wanted)),
    [1, 1, 1],
  );
});

test('a quantity outside the limits is refused with the limit', () => {
  assert.deepEqual(
    [0, 2, 50].map((wanted) => refuseSoldQuantity(team, wanted)),
    [null, null, null],
  );
  assert.match(refuseSoldQuantity(team, 1) ?? '', /greater than or equal to 2/);
  assert.match(refuseSoldQuantity(team, 51) ?? '', /less than or equal to 50/);
  assert.equal(refuseSoldQuantity(single, 50), null);
  const dear = { quantity_min: 1, quantity_max: 1_000_000, period_amount: 10_000_000 };
  assert.match(refuseSoldQuantity(dear, 1_000_000) ?? '', /too high/);
  assert.match(refuseSoldQuantity({ ...dear, quantity_min: 1_000_000 }, 0) ?? '', /too high/, 'the smallest one');
});

test('the price of a period is that of the quantity', () => {
  assert.equal(pricedFor(team, 5).period_amount, 5000);
  assert.equal(pricedFor(team, 1), team);
});
