import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blankObject, findShapeFaults } from './shape.ts';

test('a blank object has every field that responses always have, and null in each but its kind', () => {
  const refund = blankObject('refund');
  assert.deepEqual([refund['object'], refund['id'], refund['customer_account']], ['refund', null, null]);
  assert.ok('destination_details' in refund, 'optional in the types, present in responses');
  assert.ok(!('failure_reason' in refund), 'optional in the types and absent from responses');
  assert.deepEqual(blankObject('deleted_customer'), { id: null, object: 'customer', deleted: null });
  assert.ok('network_status' in blankObject('Charge.Outcome'));
});

const refund = (change: Record<string, unknown>) => {
  const needed = { id: 're_1', amount: 1, created: 1, currency: 'usd', ...change };
  return { ...blankObject('refund'), ...needed };
};
const cases: [name: string, value: unknown, faults: string[]][] = [
  ['a complete object', refund({}), []],
  ['an unknown field', refund({ colour: 'red' }), ['refund.colour: unknown']],
  ['a missing field', refund({ customer: undefined }), ['refund.customer: missing']],
  ['null in a field that is never null', refund({ amount: null }), ['refund.amount: null']],
  [
    'an object of a field',
    refund({ destination_details: { type: 'card', x: 1 } }),
    ['refund.destination_details.x: unknown'],
  ],
  ['an expanded object', refund({ charge: { object: 'transfer_reversal' } }), ['refund.charge.id: missing']],
  ['an object of no known kind', { object: 'toaster' }, ['toaster: unknown object toaster']],
  [
    'a list',
    { object: 'list', data: [refund({ x: 1 })], has_more: false, url: '/v1/refunds' },
    ['list.data[0].x: unknown'],
  ],
  ['a list without its address', { object: 'list', data: [], has_more: false }, ['list.url: missing']],
  ['a deleted object', { object: 'customer', id: 'cus_1', deleted: true }, []],
  ['free-form content', refund({ metadata: { anything: { at: 'all' } } }), []],
];
for (const [name, value, faults] of cases) {
  test(`${name} is compared with the shapes`, () => {
    assert.deepEqual(findShapeFaults(value).slice(0, Math.max(1, faults.length)), faults);
  });
}
