import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import type { Reader } from '../db/database.ts';
import type { ProfileId, UserId } from '../db/db-schema.ts';
import { type Admission, type GatedMail, makeMailGate, type MailOrigin } from './mail-gate.ts';
import { makeThrottle } from '../security/throttle.ts';

const ann = 1 as UserId;
const bob = 2 as UserId;
const shop = 7 as ProfileId;
const verified = new Map([
  ['ann@example.com', ann],
  ['bob@example.com', bob],
]);
const origin: MailOrigin = {
  kind: 'notice',
  sender_id: ann,
  is_seller: false,
  profile_id: shop,
  trusted: ['desk@example.com'],
  related: new Set([ann]),
};

const reader = {} as Reader; // addresses are verified by the map below

function makeGate() {
  const logged: Record<string, unknown>[] = [];
  const statements: (readonly string[])[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => logged.push(JSON.parse(line)) });
  const gate = makeMailGate({
    throttle: makeThrottle(() => 0, 1),
    findVerifiedAddresses: async (_, addresses) => {
      statements.push(addresses);
      return new Map([...verified].filter(([address]) => addresses.includes(address)));
    },
    log,
  });
  let count = 0;
  const mailTo = (
    to: string,
    given: Partial<MailOrigin> = {},
    event = 'profile_updated',
    rest: { bcc?: string[]; instead?: string[] } = {},
  ): GatedMail => ({
    key: `event-${(count += 1)}`,
    event,
    to: [to],
    bcc: [],
    instead: [],
    ...rest,
    origin: { ...origin, ...given },
  });
  const admitAll = async (mails: readonly GatedMail[]) => {
    const readers = mails.flatMap(({ to, bcc, instead }) => [...to, ...bcc, ...instead]);
    return gate.admit(mails, await gate.findVerified(reader, readers));
  };
  const admit = async (...given: Parameters<typeof mailTo>): Promise<Admission> => {
    const [admission] = await admitAll([mailTo(...given)]);
    assert(admission);
    return admission;
  };
  return { admit, admitAll, mailTo, logged, statements };
}

test('related readers with a verified address and the site receive every message', async () => {
  const { admit, logged, statements } = makeGate();
  for (let count = 0; count < 100; count += 1) {
    const { to, bcc, has_unknown_recipient } = await admit('ann@example.com', { kind: 'receipt' }, 'order_executed', {
      bcc: ['Desk@example.com'],
    });
    assert.deepEqual([to, bcc, has_unknown_recipient], [['ann@example.com'], ['Desk@example.com'], false]);
  }
  assert.deepEqual(logged, []);
  assert.equal(statements.length, 100, 'one statement for a message');
});

test('an unverified address receives one notice of a kind and the others are logged', async () => {
  const { admit, logged } = makeGate();
  const first = await admit('New@elsewhere.test');
  assert.deepEqual([first.to, first.has_unknown_recipient], [['New@elsewhere.test'], true]);
  for (let count = 0; count < 39; count += 1) assert.deepEqual((await admit('new@elsewhere.test')).to, []);
  assert.equal(logged.length, 39);
  assert.deepEqual([logged[0]?.['limit'], logged[0]?.['event']], ['mail-notice', 'profile_updated']);
});

test('the verified address of an unrelated user counts as an unknown recipient', async () => {
  const { admit } = makeGate();
  const admitted = [];
  for (let count = 0; count < 5; count += 1) admitted.push(...(await admit('bob@example.com')).to);
  assert.deepEqual(admitted, ['bob@example.com']);
});

test('one account causes at most a hundred notices an hour to all readers, and receipts are not counted', async () => {
  const { admit, logged } = makeGate();
  let sent_count = 0;
  for (let count = 0; count < 120; count += 1) sent_count += (await admit('ann@example.com')).to.length;
  assert.equal(sent_count, 100);
  assert.equal(logged[0]?.['limit'], 'mail-caused');
  assert.deepEqual((await admit('ann@example.com', { kind: 'receipt' }, 'order_executed')).to, ['ann@example.com']);
});

test('invitations to unknown recipients stop at the limit of their sender, and a related user still receives them', async () => {
  const { admit } = makeGate();
  const invitation = { kind: 'invitation', related: null } as const;
  let sent_count = 0;
  for (let count = 0; count < 60; count += 1) {
    sent_count += (await admit(`stranger-${count}@elsewhere.test`, invitation, 'role_grant_created')).to.length;
  }
  assert.equal(sent_count, 20);
  assert.deepEqual((await admit('bob@example.com', invitation, 'role_grant_created')).to, ['bob@example.com']);
});

test('invitations of all senders to one unknown recipient stop at the limit of the address', async () => {
  const { admit } = makeGate();
  let sent_count = 0;
  for (let count = 0; count < 20; count += 1) {
    const sender_id = (100 + count) as UserId;
    const profile_id = (100 + count) as ProfileId;
    const { to } = await admit('victim@elsewhere.test', { kind: 'invitation', sender_id, profile_id, related: null });
    sent_count += to.length;
  }
  assert.equal(sent_count, 5);
});

test('invitations of all managers to unknown recipients stop at the limit of the profile', async () => {
  const { admit } = makeGate();
  let sent_count = 0;
  for (let count = 0; count < 100; count += 1) {
    const sender_id = (100 + count) as UserId;
    sent_count += (await admit(`stranger-${count}@elsewhere.test`, { kind: 'invitation', sender_id, related: null })).to
      .length;
  }
  assert.equal(sent_count, 60);
});

test('a receipt refused for an unknown recipient is sent to the verified managers', async () => {
  const { admit } = makeGate();
  const receipt = () =>
    admit('billing@elsewhere.test', { kind: 'receipt' }, 'order_executed', {
      instead: ['ann@example.com', 'unproved@elsewhere.test'],
    });
  const first = await receipt();
  assert.deepEqual([first.to, first.bcc], [['billing@elsewhere.test'], []]);
  const second = await receipt();
  assert.deepEqual([second.to, second.bcc], [[], ['ann@example.com']]);
});

test('a message that fails to be sent is not counted', async () => {
  const { admit } = makeGate();
  for (let count = 0; count < 3; count += 1) {
    const { to, release } = await admit('new@elsewhere.test');
    assert.deepEqual(to, ['new@elsewhere.test']);
    await release();
  }
});

test('a message refused by the limit of its sender does not count as the notice of its reader', async () => {
  const { admit } = makeGate();
  for (let count = 0; count < 20; count += 1) await admit(`stranger-${count}@elsewhere.test`);
  assert.deepEqual((await admit('new@elsewhere.test')).to, []);
  assert.deepEqual((await admit('new@elsewhere.test', { sender_id: bob })).to, ['new@elsewhere.test']);
});

test('messages about an unverified account have a separate limit', async () => {
  const { admit } = makeGate();
  let sent_count = 0;
  for (let count = 0; count < 60; count += 1)
    sent_count += (await admit('new@elsewhere.test', { kind: 'own', related: null }, 'user_verification')).to.length;
  assert.equal(sent_count, 20);
});

test('messages that are admitted together get the same readers as one after the other', async () => {
  const invitation = { kind: 'invitation', related: null } as const;
  const mailsOf = (mailTo: ReturnType<typeof makeGate>['mailTo']) => [
    ...Array.from({ length: 3 }, () => mailTo('New@elsewhere.test', { sender_id: bob })),
    ...Array.from({ length: 25 }, (_, index) => mailTo(`invited-${index}@elsewhere.test`, invitation)),
    ...Array.from({ length: 8 }, (_, index) =>
      mailTo('victim@elsewhere.test', { ...invitation, sender_id: (50 + index) as UserId }),
    ),
    mailTo('ann@example.com', { kind: 'receipt' }, 'order_executed', { bcc: ['bob@example.com', 'Ann@example.com'] }),
    ...Array.from({ length: 120 }, () => mailTo('ann@example.com', { sender_id: 99 as UserId })),
    mailTo('billing@elsewhere.test', { kind: 'receipt' }, 'order_executed', { instead: ['ann@example.com'] }),
    mailTo('billing@elsewhere.test', { kind: 'receipt' }, 'order_executed', { instead: ['ann@example.com'] }),
  ];
  const together = makeGate();
  const apart = makeGate();
  const admitted = (await together.admitAll(mailsOf(together.mailTo))).map(({ to, bcc }) => [to, bcc]);
  const expected = [];
  for (const mail of mailsOf(apart.mailTo)) {
    const [admission] = await apart.admitAll([mail]);
    expected.push([admission?.to, admission?.bcc]);
  }
  assert.deepEqual(admitted, expected);
  assert.deepEqual(
    together.logged.map(({ mail, limit }) => [mail, limit]),
    apart.logged.map(({ mail, limit }) => [mail, limit]),
  );
  assert.equal(together.statements.length, 1);
});

test('counts that a batch did not use are available to the next one', async () => {
  const { admitAll, mailTo } = makeGate();
  const mails = Array.from({ length: 30 }, (_, index) => mailTo(`new-${index}@elsewhere.test`));
  const sent = (await admitAll(mails)).filter(({ to }) => to.length > 0);
  assert.equal(sent.length, 20, 'the limit of the sender');
  await Promise.all(sent.map(({ release }) => release()));
  const again = (await admitAll(mails)).filter(({ to }) => to.length > 0);
  assert.equal(again.length, 20);
});
