import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UserId } from '#platform/db-schema';
import { chooseRecipients, chooseReplyTo, recipientRule } from './recipients.ts';

const id = (n: number) => n as UserId; // only tests make ids up
const reader = (n: number, address = `user${n}@example.com`) => ({ address, user_id: id(n) });
const nobody = new Set<UserId>();

test('managers get blind copies, but not who caused the event and not who opted out', () => {
  assert.deepEqual(
    chooseRecipients({
      to: { address: 'billing@example.com', user_id: null },
      managers: [reader(1), reader(2), reader(3)],
      originator_id: id(1),
      opted_out: new Set([id(2)]),
      always: false,
    }),
    { to: ['billing@example.com'], bcc: ['user3@example.com'] },
  );
});

test('the address of somebody who opted out is left out, unless the message is part of signing in', () => {
  const people = { to: reader(1), managers: [], originator_id: null, opted_out: new Set([id(1)]) };
  assert.deepEqual(chooseRecipients({ ...people, always: false }), { to: [], bcc: [] });
  assert.deepEqual(chooseRecipients({ ...people, always: true }), { to: ['user1@example.com'], bcc: [] });
});

test('who caused the event still hears of it under the address that it is about', () => {
  const people = { managers: [reader(1)], opted_out: nobody, always: false };
  assert.deepEqual(chooseRecipients({ ...people, to: reader(1), originator_id: id(1) }), {
    to: ['user1@example.com'],
    bcc: [],
  });
});

test('nobody gets a message twice, whatever the case of the address', () => {
  assert.deepEqual(
    chooseRecipients({
      to: reader(1, 'Xia@Example.com'),
      managers: [reader(1, 'xia@example.com'), reader(2), reader(2)],
      originator_id: null,
      opted_out: nobody,
      always: false,
    }),
    { to: ['Xia@Example.com'], bcc: ['user2@example.com'] },
  );
});

test('answers go to who caused the event, else to the broker unless the message comes from there', () => {
  assert.equal(
    chooseReplyTo('xia@example.com', 'support@cowork.example.com', 'noreply@cowork.example.com'),
    'xia@example.com',
  );
  assert.equal(
    chooseReplyTo(null, 'support@cowork.example.com', 'noreply@cowork.example.com'),
    'support@cowork.example.com',
  );
  assert.equal(chooseReplyTo(null, 'support@cowork.example.com', 'Support@cowork.example.com'), null);
  assert.equal(chooseReplyTo('', '', 'noreply@cowork.example.com'), null);
});

test('events without a rule reach nobody', () => {
  assert.equal(recipientRule('user_logged_in'), undefined);
  assert.equal(recipientRule('constructor'), undefined);
});
