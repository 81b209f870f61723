import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { definePage } from './http/page-type.ts';
import { defineEvent } from './jobs/events.ts';
import { checkRooms } from './room.ts';

const paid = defineEvent('paid', Type.Object({ amount: Type.Integer(), note: Type.Optional(Type.String()) }));
const cart = definePage('cart.html', Type.Object({ lines: Type.Array(Type.String()) }), { typical: { lines: ['a'] } });

test('the process does not start with a page that has no template or an event that is defined twice', () => {
  const rooms = [
    { name: 'billing', page_types: [cart], events: [paid] },
    { name: 'payments', events: [paid] },
  ];
  assert.throws(() => checkRooms(rooms, () => false), {
    message:
      'cannot start:\nbilling shows the page cart.html, which the theme does not have\n' +
      'payments defines the event paid, which exists already',
  });
  checkRooms([{ name: 'billing', page_types: [cart], events: [paid] }], (name) => name === 'cart.html');
});

test('the process does not start with a subscription to an event that no room defines', () => {
  const prepare = async () => ({ handle: async () => {} });
  const subscriber = { name: 'mail', event_types: [paid], wants: () => true, prepare };
  const rooms = [{ name: 'notifications', subscribers: [subscriber] }];
  assert.throws(() => checkRooms(rooms, () => true), {
    message: 'cannot start:\nnotifications subscribes to the event paid, which no room defines',
  });
  checkRooms([...rooms, { name: 'payments', events: [paid] }], () => true);
});

test('a stored payload that does not fit its schema is refused with the members named', () => {
  assert.deepEqual(paid({ amount: 5 }), { name: 'paid', payload: { amount: 5 } });
  assert.deepEqual(paid.parse({ amount: 5, added_later: true }), { amount: 5, added_later: true });
  assert.throws(() => paid.parse({ amount: '5', note: 1 }), /payload of paid .*\/amount .*; \/note /);
});

test('data that does not fit the schema of a page is refused with the members named', () => {
  cart.check({ lines: [] });
  assert.throws(() => cart.check({ lines: [1] }), /data of cart\.html .*\/lines\/0 /);
});
