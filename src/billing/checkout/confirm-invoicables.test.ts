import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClaimId } from '#platform/db/db-schema';
import type { CartItem } from '../records/index.ts';
import { emptyOrderProblem } from './confirm-invoicables.ts';

const item = (claim_id: number | null) => ({ claim_id: claim_id as ClaimId | null }) as CartItem; // the member that counts

test('an order without lines names its reason: an empty cart, withdrawn plans, or a seat that is not paid', () => {
  assert.equal(emptyOrderProblem([]).code, 'cart_empty');
  assert.equal(emptyOrderProblem(null).code, 'cart_empty');
  assert.match(emptyOrderProblem([item(null)]).message, /no longer for sale/);
  assert.match(emptyOrderProblem([item(1)]).message, /payment for the seat in the cart failed or was refunded/);
  assert.match(emptyOrderProblem([item(1), item(null)]).message, /no longer for sale/);
});
