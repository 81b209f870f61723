import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UserId } from '#platform/db/db-schema';
import { chooseRecipients, chooseReplyTo, recipientRule } from './recipients.ts';

const id = (n: number) => n as UserId; // only tests make ids up
const reader = (n: number, address = `user${n}@example.com`) => ({ address, user_id: id(n), is_other_side: false });
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
    { to: ['billing@example.com'], bcc: ['user3@example.com'], other_side: [] },
  );
});

test('the address of somebody who opted out is left out, unless the message is part of signing in', () => {
  const people = { to: reader(1), managers: [], originator_id: null, opted_out: new Set([id(1)]) };
  assert.deepEqual(chooseRecipients({ ...people, always: false }), { to: [], bcc: [], other_side: [] });
  assert.deepEqual(chooseRecipients({ ...people, always: true }), {
    to: ['user1@example.com'],
    bcc: [],
    other_side: [],
  });
});

test('who caused the event still hears of it under the address that it is about', () => {
  const people = { managers: [reader(1)], opted_out: nobody, always: false };
  assert.deepEqual(chooseRecipients({ ...people, to: reader(1), originator_id: id(1) }), {
    to: ['user1@example.com'],
    bcc: [],
    other_side: [],
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
    { to: ['Xia@Example.com'], bcc: ['user2@example.com'], other_side: [] },
  );
});

test('managers of the other side are addressed apart', () => {
  assert.deepEqual(
    chooseRecipients({
      to: reader(1),
      managers: [reader(2), { ...reader(3), is_other_side: true }],
      originator_id: null,
      opted_out: nobody,
      always: false,
    }),
    { to: ['user1@example.com'], bcc: ['user2@example.com'], other_side: ['user3@example.com'] },
  );
});

test('a reply goes to the first candidate who is none of the readers', () => {
  const from = 'noreply@cowork.example.com';
  const [customer, gym, support] = ['xia@example.com', 'desk@gym.example.com', 'support@cowork.example.com'];
  assert.equal(chooseReplyTo([gym, support], [customer], from), gym);
  assert.equal(chooseReplyTo(['Xia@Example.com', support], [customer], from), support, 'in any case');
  assert.equal(chooseReplyTo([null, undefined, '', support], [customer], from), support);
  assert.equal(chooseReplyTo([support], [customer], support), null, 'a reply reaches the sender without a header');
  assert.equal(chooseReplyTo([customer], [customer], from), null);
});

test('events without a rule reach nobody', () => {
  assert.equal(recipientRule('user_logged_in'), undefined);
  assert.equal(recipientRule('constructor'), undefined);
});
