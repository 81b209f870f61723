import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkOutAtStripe } from './stripe-checkouts.ts';

test('S74: after 300 checkouts with faults of every kind in 5 % of the calls, the books are equal to the cent', async () => {
  const { checkouts, responses, movements } = await checkOutAtStripe(300);
  assert.equal(checkouts, 300);
  assert((responses.get('201') ?? 0) > 150, JSON.stringify([...responses]));
  assert(movements > 200, `${movements} movements`);
});
