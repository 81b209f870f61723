import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { insertUser, type User } from '#accounts';
import { pino } from 'pino';
import { fileURLToPath } from 'node:url';
import type { UserId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { makeMailer } from '#platform/mail/mail';
import { makeWorker } from '#platform/jobs/worker';
import { makeTemplates } from '#platform/templates/templates';
import {
  createOrganization,
  createPersonalProfile,
  findRoleType,
  getBroker,
  insertRole,
  makeManager,
  type Profile,
} from '#profiles';
import { makeThemes } from '#themes';
import { testContext, type TestContext } from '../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { openGate } from '../../test/support/open-gate.ts';
import { changePreferences, getPreferences } from './change-preferences.ts';
import { composers } from './composers.ts';
import { makeNotificationSubscriber } from './send-notification.ts';

let database: TestDatabase;
let ctx: TestContext;
let broker: Profile;
let donny: User; // manages the broker
let xia: User; // has a personal profile and manages acme
let alice: User; // manages acme and the second provider
let personal: Profile;
let acme: Profile;
let provider: Profile;

before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
  const at = ctx.clock.now();
  broker = await getBroker(ctx.db, ctx.site);
  await inTransaction(ctx.db, async (tx) => {
    [donny, xia, alice] = await Promise.all([
      insertUser(
        tx,
        { username: 'donny', email: 'donny@example.com', full_name: 'Donny Smith', password_hash: 'x' },
        at,
      ),
      insertUser(tx, { username: 'xia', email: 'xia@example.com', full_name: 'Xia Lee', password_hash: 'x' }, at),
      insertUser(
        tx,
        { username: 'alice', email: 'alice@example.com', full_name: 'Alice Cooper', password_hash: 'x' },
        at,
      ),
    ]);
    await makeManager(tx, broker, donny, at);
    personal = await createPersonalProfile(tx, xia, at);
    acme = await createOrganization(
      tx,
      { slug: 'acme', manager: xia, fields: { full_name: 'Acme', email: 'billing@acme.example.com' } },
      at,
    );
    provider = await createOrganization(
      tx,
      { slug: 'gym', manager: alice, fields: { full_name: 'Gym', email: 'desk@gym.example.com', is_provider: true } },
      at,
    );
    await makeManager(tx, acme, alice, at);
  });
});
beforeEach(async () => {
  mailbox.clear();
  await database.db.deleteFrom('notification_optouts').execute();
});
after(() => database.close());

const themes = makeThemes({ folder: fileURLToPath(new URL('../../themes/default/', import.meta.url)), live: false });
const templates = makeTemplates({
  lookup: themes.lookup,
  assetUrl: themes.assetUrl,
  clock: { now: () => ctx.clock.now() },
});
const mailer = makeMailer({
  smtp_url: null,
  from: 'noreply@cowork.example.com',
  capture: true,
  gate: openGate,
  clock: { now: () => ctx.clock.now() },
  log: pino({ level: 'silent' }),
});
const { mailbox } = mailer;
/** Delivers the waiting events. */
async function deliverWaiting(): Promise<void> {
  const subscribers = [makeNotificationSubscriber({ mailer, templates, from: 'noreply@cowork.example.com' })];
  const makeContext = () => Promise.resolve(ctx);
  await makeWorker({ db: ctx.db, clock: ctx.clock, jobs: [], subscribers, makeContext, log: ctx.log }).drain();
}

/** Delivers an event and returns the messages that it caused. */
async function deliverEvent(name: string, payload: object) {
  await inTransaction(ctx.db, (tx) => emit(tx, { name, payload }, ctx.clock.now()));
  await deliverWaiting();
  const parked = await ctx.db
    .selectFrom('outbox_events')
    .select('last_error')
    .where('last_error', 'is not', null)
    .execute();
  assert.deepEqual(parked, []);
  const mails = mailbox.list();
  mailbox.clear();
  return mails;
}

/** Delivers an event; returns readers, subject and first link of each message. */
async function summarizeMessages(name: string, payload: object) {
  const mails = await deliverEvent(name, payload);
  return mails.map(({ event, to, bcc, reply_to, subject, text }) => ({
    event,
    to,
    bcc,
    reply_to,
    subject,
    link: /http:\/\/cowork\.test\/[a-z]\S*/.exec(text)?.[0] ?? null,
  }));
}

const support = 'support@cowork.example.com';
const plan = { slug: 'basic', title: 'Basic' };
const key = 'a'.repeat(40);

test('the broker and its managers are notified of a registration', async () => {
  assert.deepEqual(await summarizeMessages('user_registered', { user_id: xia.id }), [
    {
      event: 'user_registered',
      to: [support],
      bcc: ['donny@example.com'],
      reply_to: 'xia@example.com',
      subject: 'Xia Lee registered',
      link: null,
    },
  ]);
});

test('a new user gets a welcome message', async () => {
  assert.deepEqual(await summarizeMessages('user_welcome', { user_id: xia.id }), [
    {
      event: 'user_welcome',
      to: ['xia@example.com'],
      bcc: [],
      reply_to: support,
      subject: 'Welcome to Coworking Space',
      link: null,
    },
  ]);
});

test('a link and a code are sent to the address to verify, not to the address on record', async () => {
  const verification = {
    user_id: xia.id,
    channel: 'email',
    address: 'new@example.com',
    purpose: 'verify',
    key,
    code: '012345',
    reason: null,
    lifetime_s: 172_800,
  };
  const [mail] = await deliverEvent('user_verification', verification);
  assert.deepEqual(mail?.to, ['new@example.com']);
  assert.match(mail.text, /012345/);
  assert.match(mail.text, /within 2 days/);
  assert.match(mail.text, new RegExp(`http://cowork.test/login/${key}/`));
  assert.deepEqual(
    await summarizeMessages('user_verification', { ...verification, channel: 'phone', address: '+14155550100' }),
    [],
  );
  assert.deepEqual(
    (await summarizeMessages('user_verification', { ...verification, user_id: null, purpose: 'recover' })).map(
      ({ event, subject, link }) => [event, subject, link],
    ),
    [['user_reset_password', 'Set a new password', `http://cowork.test/login/${key}/`]],
  );
});

test('the owner is notified of a changed password in a message without a link', async () => {
  assert.deepEqual(await summarizeMessages('user_reset_password', { user_id: xia.id, how: 'changed' }), [
    {
      event: 'user_password_changed',
      to: ['xia@example.com'],
      bcc: [],
      reply_to: support,
      subject: 'Your password changed',
      link: null,
    },
  ]);
});

test('a change of e-mail address is announced to the former address, a new API key to the user', async () => {
  const changed = {
    user_id: xia.id,
    from: 'old@example.com',
    to: 'new@example.com',
    is_verified: false,
    stop_key: null,
  };
  assert.deepEqual(
    (await summarizeMessages('user_email_changed', changed)).map(({ to, subject, link }) => [to, subject, link]),
    [[['old@example.com'], 'Your e-mail address is about to change', null]],
  );
  const [mail] = await deliverEvent('user_credentials_changed', { user_id: xia.id, what: 'api_key_created' });
  assert.deepEqual(mail?.to, ['xia@example.com']);
  assert.match(mail.text, /an API key was created/);
});

test('the link that stops a change of e-mail address is sent to the former address', async () => {
  const stop_key = 'a'.repeat(40);
  const changed = { user_id: xia.id, from: 'old@example.com', to: 'new@example.com', is_verified: false, stop_key };
  const [mail] = await deliverEvent('user_email_changed', changed);
  assert.deepEqual(mail?.to, ['old@example.com']);
  assert.ok(mail.text.includes(`/users/stop/${stop_key}/`), mail.text);
});

test('the code of a free seat is not announced as paid, the code of a paid seat is', async () => {
  const seat = {
    claim_id: 1,
    profile_id: broker.id,
    provider_id: null,
    email: 'free-seat@example.com',
    full_name: 'A Friend',
    code: 'd'.repeat(40),
    plans: ['Basic'],
    originated_by: xia.id,
  };
  const [free] = await deliverEvent('claim_code_generated', { ...seat, is_paid: false });
  assert.match(free?.subject ?? '', /gives you access to Basic$/);
  assert.doesNotMatch(`${free?.subject} ${free?.text}`, /\bpaid\b/);
  const [paid] = await deliverEvent('claim_code_generated', { ...seat, claim_id: 2, is_paid: true });
  assert.match(paid?.subject ?? '', /paid for your access to Basic$/);
});

test('a change of an unverified e-mail address is announced as a change, without the addresses', async () => {
  const toUnknown = makeMailer({
    smtp_url: null,
    from: 'noreply@cowork.example.com',
    capture: true,
    gate: {
      ...openGate,
      admit: async (...given) =>
        (await openGate.admit(...given)).map((each) => ({ ...each, has_unknown_recipient: true })),
    },
    clock: ctx.clock,
    log: pino({ level: 'silent' }),
  });
  const subscriber = makeNotificationSubscriber({ mailer: toUnknown, templates, from: 'noreply@cowork.example.com' });
  const textOf = async (to: string, is_verified: boolean) => {
    const payload = { user_id: xia.id, from: 'old@example.com', to, is_verified, stop_key: null };
    toUnknown.mailbox.clear();
    const delivery = { id: 1, name: 'user_email_changed', payload, created_at: ctx.clock.now() };
    await (await subscriber.prepare(ctx, [delivery])).handle(delivery);
    return toUnknown.mailbox.list()[0]?.text ?? '';
  };
  assert.match(
    await textOf('new@evil.example', true),
    /were sent to this address and are now sent to another address\./,
  );
  assert.match(await textOf('new@evil.example', false), /will be sent to another address once it is confirmed\./);
  assert.match(await textOf('', true), /were sent to this address and no longer are\./);
});

test('the owner is notified of credentials that the first proof of an address removed, and only then', async () => {
  const [mail] = await deliverEvent('user_verified', { user_id: xia.id, removed: ['api_keys', 'otp'] });
  assert.deepEqual(mail?.to, ['xia@example.com']);
  assert.match(mail.text, /API keys, one-time passwords/);
  assert.deepEqual(await deliverEvent('user_verified', { user_id: xia.id, removed: [] }), []);
});

test('the deletion of an account is announced to its former address', async () => {
  const archived = { user_id: xia.id, originated_by: xia.id, address: 'left@example.com', name: 'Xia Lee' };
  const [mail] = await deliverEvent('user_archived', archived);
  assert.deepEqual([mail?.to, mail?.subject], [['left@example.com'], 'Your account was deleted']);
  assert.match(mail?.text ?? '', /Hello Xia Lee/);
});

const role = () => ({
  role_id: 1,
  profile_id: acme.id,
  user_id: xia.id,
  role_type: 'manager',
  message: 'Welcome aboard',
  originated_by: alice.id,
});

test('an invitation is sent to the invited user and links to the page that accepts it', async () => {
  assert.deepEqual(await summarizeMessages('role_grant_created', { ...role(), grant_key: key, key: null }), [
    {
      event: 'role_grant_created',
      to: ['xia@example.com'],
      bcc: [],
      reply_to: 'alice@example.com',
      subject: 'Acme invites you',
      link: `http://cowork.test/users/roles/accept/${key}/`,
    },
  ]);
});

test('a user without a password gets the link that sets one; a role in effect links to the application', async () => {
  const activation = 'b'.repeat(40);
  const links = [
    ...(await summarizeMessages('role_grant_created', { ...role(), grant_key: key, key: activation })),
    ...(await summarizeMessages('role_grant_created', { ...role(), grant_key: null, key: null })),
  ].map(({ link }) => link);
  assert.deepEqual(links, [`http://cowork.test/login/${activation}/`, 'http://cowork.test/app/acme/']);
});

test('the profile and its managers are notified of accepted invitations and requests, except the user who caused them', async () => {
  const accepted = { ...role(), originated_by: xia.id };
  assert.deepEqual(await summarizeMessages('role_grant_accepted', accepted), [
    {
      event: 'role_grant_accepted',
      to: ['billing@acme.example.com'],
      bcc: ['alice@example.com'],
      reply_to: 'xia@example.com',
      subject: 'Xia Lee joined Acme',
      link: 'http://cowork.test/profile/acme/roles/manager/',
    },
  ]);
  assert.deepEqual(
    (
      await summarizeMessages('role_request_created', {
        ...accepted,
        user_id: donny.id,
        originated_by: donny.id,
        request_key: key,
      })
    ).map(({ to, bcc, link }) => [to, bcc, link]),
    [
      [
        ['billing@acme.example.com'],
        ['xia@example.com', 'alice@example.com'],
        'http://cowork.test/profile/acme/roles/',
      ],
    ],
  );
});

test('invited and requesting users get no copies for managers', async () => {
  await inTransaction(ctx.db, async (tx) => {
    const at = ctx.clock.now();
    const kenneth = await insertUser(tx, { username: 'kenneth', email: 'kenneth@example.com', password_hash: 'x' }, at);
    const manager = await findRoleType(tx, acme.id, 'manager');
    await insertRole(
      tx,
      { user_id: kenneth.id, profile_id: acme.id, role_type_id: manager?.id ?? null, request_key: 'c'.repeat(40) },
      at,
    );
  });
  const [mail] = await summarizeMessages('role_grant_accepted', { ...role(), originated_by: null });
  assert.deepEqual(mail?.bcc, ['xia@example.com', 'alice@example.com']);
});

test('the profile, its managers and the broker are notified of changes of a profile', async () => {
  const [mail, copy] = await deliverEvent('profile_updated', {
    profile_id: acme.id,
    changes: { 'E-mail address': { pre: 'old@acme.example.com', post: '<b>new</b>' } },
    originated_by: xia.id,
  });
  assert.deepEqual(
    [mail, copy].map((each) => [each?.to, each?.bcc, each?.reply_to]),
    [
      [['billing@acme.example.com'], ['alice@example.com'], support],
      [[], ['donny@example.com'], 'billing@acme.example.com'],
    ],
  );
  assert.match(mail?.text ?? '', /old@acme\.example\.com → <b>new<\/b>/);
  assert.match(mail?.html ?? '', /&lt;b&gt;new/);
});

test('the payer gets a confirmation of an order with its lines', async () => {
  const [mail, copy] = await deliverEvent('order_executed', {
    order_id: 1,
    profile_id: personal.id,
    user_id: xia.id,
    processor_key: 'ch_1',
    lines: [
      {
        provider_id: broker.id,
        description: 'Subscription to basic until 2026/04/10 (1 month)',
        amount: 2000,
        unit: 'usd',
      },
    ],
  });
  assert.deepEqual(
    [mail, copy].map((each) => [each?.to, each?.bcc, each?.reply_to]),
    [
      [['xia@example.com'], [], support],
      [[], ['donny@example.com'], 'xia@example.com'],
    ],
  );
  assert.match(mail?.text ?? '', /Subscription to basic until 2026\/04\/10 \(1 month\)\s+\$20\.00/);
});

const charge = () => ({
  charge_id: 1,
  processor_key: 'ch_1',
  profile_id: personal.id,
  provider_id: broker.id,
  news: 'done',
  state: 'done',
  created_at: '2026-03-10T15:00:00.000Z',
  amount: 2000,
  unit: 'usd',
  description: '',
  last4: '4242',
  lines: [{ description: 'Subscription to basic', amount: 2000, refunded_amount: 0 }],
  originated_by: null,
});

test('the customer is notified of a payment, a refund and a dispute, and not of a failed payment', async () => {
  assert.deepEqual(await summarizeMessages('charge_updated', charge()), [
    {
      event: 'charge_updated',
      to: ['xia@example.com'],
      bcc: [],
      reply_to: support,
      subject: 'Receipt for your payment of $20.00',
      link: 'http://cowork.test/billing/xia/receipt/ch_1/',
    },
    {
      event: 'charge_updated',
      to: [],
      bcc: ['donny@example.com'],
      reply_to: 'xia@example.com',
      subject: 'Receipt for your payment of $20.00',
      link: 'http://cowork.test/billing/xia/receipt/ch_1/',
    },
  ]);
  const refunded = {
    ...charge(),
    news: 'refunded',
    lines: [{ description: 'Subscription to basic', amount: 2000, refunded_amount: 500 }],
  };
  const [refund] = await deliverEvent('charge_updated', refunded);
  assert.equal(refund?.subject, 'Refund on your payment of $20.00');
  assert.match(refund.text, /Total\s+\$15\.00/);
  assert.equal(
    (await summarizeMessages('charge_updated', { ...charge(), news: 'disputed', state: 'disputed' }))[0]?.subject,
    'Dispute about your payment of $20.00',
  );
  assert.deepEqual(await summarizeMessages('charge_updated', { ...charge(), news: 'failed', state: 'failed' }), []);
});

const cardChanges = { last4: { pre: '1234', post: '4242' }, exp_date: { pre: '2026-12-01', post: '2028-12-01' } };

test('the payer is notified of a new card', async () => {
  assert.deepEqual(
    (
      await summarizeMessages('card_updated', { profile_id: acme.id, changes: cardChanges, originated_by: alice.id })
    ).map(({ to, bcc, link }) => [to, bcc, link]),
    [
      [['billing@acme.example.com'], ['xia@example.com'], 'http://cowork.test/billing/acme/card/'],
      [[], ['donny@example.com'], 'http://cowork.test/billing/acme/card/'],
    ],
  );
});

const subscription = () => ({
  subscription_id: 1,
  profile_id: acme.id,
  plan_id: 1,
  plan,
  provider_id: provider.id,
  originated_by: alice.id as UserId | null,
});

test('an offer is sent to the subscriber only; a grant in effect immediately is not mailed', async () => {
  assert.deepEqual(
    await summarizeMessages('subscription_grant_created', {
      ...subscription(),
      grant_key: key,
      key: null,
      message: 'Try us',
    }),
    [
      {
        event: 'subscription_grant_created',
        to: ['billing@acme.example.com'],
        bcc: [],
        reply_to: 'alice@example.com',
        subject: 'Gym offers you Basic',
        link: `http://cowork.test/profile/acme/subscriptions/accept/${key}/`,
      },
    ],
  );
  assert.deepEqual(
    await summarizeMessages('subscription_grant_created', {
      ...subscription(),
      grant_key: null,
      key: null,
      message: null,
    }),
    [],
  );
});

test('the provider and the managers of both sides are notified of an accepted offer and of a request', async () => {
  assert.deepEqual(
    await summarizeMessages('subscription_grant_accepted', { ...subscription(), originated_by: xia.id }),
    [
      {
        event: 'subscription_grant_accepted',
        to: ['desk@gym.example.com'],
        bcc: ['alice@example.com'],
        reply_to: 'billing@acme.example.com',
        subject: 'Acme accepted Basic',
        link: 'http://cowork.test/app/gym/',
      },
    ],
  );
  assert.deepEqual(
    await summarizeMessages('subscription_request_created', {
      ...subscription(),
      originated_by: null,
      request_key: key,
    }),
    [
      {
        event: 'subscription_request_created',
        to: ['desk@gym.example.com'],
        bcc: ['alice@example.com'],
        reply_to: 'billing@acme.example.com',
        subject: 'Acme asks for Basic',
        link: `http://cowork.test/profile/gym/subscribers/accept/${key}/`,
      },
      {
        event: 'subscription_request_created',
        to: [],
        bcc: ['xia@example.com'],
        reply_to: 'desk@gym.example.com',
        subject: 'Acme asks for Basic',
        link: `http://cowork.test/profile/gym/subscribers/accept/${key}/`,
      },
    ],
  );
});

test('the subscriber and the managers of both sides are notified of an accepted request', async () => {
  assert.deepEqual(
    (await summarizeMessages('subscription_request_accepted', subscription())).map(({ to, bcc, subject, link }) => [
      to,
      bcc,
      subject,
      link,
    ]),
    [
      [
        ['billing@acme.example.com'],
        ['xia@example.com'],
        'Your subscription to Basic was accepted',
        'http://cowork.test/app/acme/',
      ],
    ],
  );
});

test('a message from the contact form is sent to the broker only, and replies go to its sender', async () => {
  const contact = {
    user_id: null,
    email: 'visitor@example.com',
    full_name: 'A Visitor',
    message: 'Hello\n<script>alert(1)</script>',
    provider_id: broker.id,
  };
  const [mail] = await deliverEvent('user_contact', contact);
  assert.deepEqual([mail?.to, mail?.bcc, mail?.reply_to], [[support], [], 'visitor@example.com']);
  assert.equal(mail?.subject, 'Message from A Visitor');
  assert.ok(!mail.html.includes('<script>alert'));
});

test('line breaks in the contact form add no recipients', async () => {
  const [mail] = await deliverEvent('user_contact', {
    user_id: null,
    email: 'x@example.com\r\nBcc: all@example.com',
    full_name: 'A\r\nBcc: all@example.com',
    message: '',
    provider_id: broker.id,
  });
  assert.deepEqual([mail?.to, mail?.bcc, mail?.reply_to], [[support], [], null]);
  assert.doesNotMatch(mail?.subject ?? '', /[\r\n]/);
});

test('a user who opted out gets no message, neither directly nor as a manager; others still do', async () => {
  const keep = (user: User, left_out: string) =>
    getPreferences(ctx, user.username).then((all) =>
      changePreferences(
        ctx,
        user.username,
        all.filter((event) => event !== left_out),
      ),
    );
  await keep(xia, 'charge_updated');
  await keep(donny, 'charge_updated');
  assert.deepEqual(await summarizeMessages('charge_updated', charge()), []);
  assert.deepEqual(
    (await summarizeMessages('charge_updated', { ...charge(), profile_id: acme.id })).map(({ to, bcc }) => [to, bcc]),
    [[['billing@acme.example.com'], ['alice@example.com']]],
  );
  assert.equal(
    (await summarizeMessages('card_updated', { profile_id: personal.id, changes: cardChanges, originated_by: null }))[0]
      ?.to[0],
    'xia@example.com',
  );
});

test('an unverified user with the address of an organization does not stop its messages', async () => {
  const at = ctx.clock.now();
  const typed = await inTransaction(ctx.db, (tx) =>
    insertUser(tx, { username: 'typed', email: 'billing@acme.example.com', password_hash: 'x' }, at),
  );
  await changePreferences(ctx, typed.username, []);
  const [mail] = await deliverEvent('charge_updated', { ...charge(), profile_id: acme.id });
  assert.deepEqual(mail?.to, ['billing@acme.example.com']);
});

test('the reply to any message goes to the other party, never to one of its readers', async () => {
  const sale = { ...charge(), provider_id: provider.id };
  const lines = [{ provider_id: provider.id, description: 'Subscription to basic', amount: 2000, unit: 'usd' }];
  const order = { order_id: 1, profile_id: personal.id, user_id: xia.id, processor_key: 'ch_1', lines };
  const verification = {
    user_id: xia.id,
    channel: 'email',
    address: 'xia@example.com',
    key,
    code: null,
    reason: null,
    lifetime_s: 0,
  };
  const bySubscriber = { ...subscription(), originated_by: xia.id };
  const planned = () => {
    const { plan, plan_id: _, ...facts } = subscription();
    const effective_at = '2026-04-10T10:00:00.000Z';
    return { ...facts, from: plan, to: plan, quantity: { from: 1, to: 2 }, unit: 'usd', effective_at, amount: 2000 };
  };
  const changed = {
    lines: [{ description: 'Seats', amount: 2000 }],
    charge_amount: 2000,
    credit_after: 0,
    ends_at: '2026-04-10T10:00:00.000Z',
    next_charge_at: null,
    next_charge_amount: 0,
  };
  const gym = 'desk@gym.example.com';
  const [toXia, toAcme] = ['xia@example.com', 'billing@acme.example.com'];
  const ofPerson = { ...subscription(), profile_id: personal.id, originated_by: null };
  const recovery = {
    dunning_case_id: 1,
    profile_id: personal.id,
    provider_id: provider.id,
    unit: 'usd',
    plans: ['Basic'],
  };
  const failure = {
    dunning_case_id: 1,
    attempt: 1,
    profile_id: personal.id,
    provider_id: provider.id,
    amount: 9000,
    unit: 'usd',
    lines: [{ description: 'Basic, 1 month', amount: 9000 }],
    next_attempt_at: null,
    ends_at: '2026-03-12T10:00:00.000Z',
    end: 'end',
    final_notice: true,
  };
  const ending = { ...ofPerson, ends_at: '2026-03-25T10:00:00.000Z', nb_days: 15 };
  const pausing = { ...ending, plan: { ...ending.plan, id: 1 }, resumes_at: '2026-03-20T10:00:00.000Z' };
  const customer: [string[], string][] = [
    [[toXia], gym],
    [['donny@example.com'], toXia],
  ];
  const bothSides: [string[], string][] = [
    [[toXia], gym],
    [['alice@example.com'], toXia],
  ];
  // Event, payload, and per message: its readers and where their replies go.
  const cases: [name: string, payload: object, expected: [readers: string[], reply_to: string | null][]][] = [
    ['user_registered', { user_id: xia.id }, [[[support, 'donny@example.com'], toXia]]],
    ['user_activated', { user_id: xia.id }, [[[support, 'donny@example.com'], toXia]]],
    ['user_welcome', { user_id: xia.id }, [[[toXia], support]]],
    ['user_verification', { ...verification, purpose: 'verify' }, [[[toXia], support]]],
    ['user_verification', { ...verification, purpose: 'recover' }, [[[toXia], support]]],
    ['user_reset_password', { user_id: xia.id, how: 'changed' }, [[[toXia], support]]],
    [
      'user_email_changed',
      { user_id: xia.id, from: 'old@example.com', to: toXia, is_verified: true },
      [[['old@example.com'], support]],
    ],
    ['user_credentials_changed', { user_id: xia.id, what: 'otp_enabled' }, [[[toXia], support]]],
    ['user_verified', { user_id: xia.id, removed: ['otp'] }, [[[toXia], support]]],
    [
      'user_archived',
      { user_id: xia.id, originated_by: null, address: 'left@example.com', name: '' },
      [[['left@example.com'], support]],
    ],
    [
      'user_contact',
      { user_id: xia.id, email: toXia, full_name: 'Xia', message: 'Hi', provider_id: broker.id },
      [[[support], toXia]],
    ],
    [
      'profile_updated',
      { profile_id: personal.id, changes: {}, originated_by: xia.id },
      [
        [[toXia], support],
        [['donny@example.com'], toXia],
      ],
    ],
    ['role_grant_created', { ...role(), grant_key: key, key: null }, [[[toXia], 'alice@example.com']]],
    ['role_grant_created', { ...role(), originated_by: xia.id, grant_key: key, key: null }, [[[toXia], toAcme]]],
    ['role_grant_accepted', { ...role(), originated_by: xia.id }, [[[toAcme, 'alice@example.com'], toXia]]],
    [
      'role_request_created',
      { ...role(), user_id: donny.id, originated_by: donny.id, request_key: key },
      [[[toAcme, toXia, 'alice@example.com'], 'donny@example.com']],
    ],
    [
      'order_executed',
      order,
      [
        [[toXia], gym],
        [['donny@example.com'], toXia],
      ],
    ],
    [
      'order_executed',
      { ...order, lines: [...lines, { ...lines[0], provider_id: broker.id }] },
      [
        [[toXia], support],
        [['donny@example.com'], toXia],
      ],
    ],
    [
      'payment_link_sent',
      {
        profile_id: order.profile_id,
        provider_id: provider.id,
        claim_code: 'c'.repeat(40),
        amount: 2000,
        unit: 'usd',
        lines: ['Basic'],
        originated_by: null,
      },
      [[[toXia], gym]],
    ],
    [
      'payment_link_unpaid',
      {
        profile_id: order.profile_id,
        provider_id: provider.id,
        claim_code: 'c'.repeat(40),
        amount: 2000,
        unit: 'usd',
        lines: ['Basic'],
        sent_at: '2026-02-26T10:00:00.000Z',
        originated_by: null,
      },
      [[[toXia], gym]],
    ],
    [
      'claim_code_generated',
      {
        claim_id: 1,
        profile_id: acme.id,
        provider_id: provider.id,
        email: 'friend@example.com',
        full_name: 'A Friend',
        code: 'c'.repeat(40),
        is_paid: true,
        plans: ['Basic'],
        originated_by: xia.id,
      },
      [[['friend@example.com'], toXia]],
    ],
    ...(['done', 'refunded', 'disputed', 'receipt_requested'] as const).map((news): (typeof cases)[number] => [
      'charge_updated',
      { ...sale, news, originated_by: xia.id },
      [
        [[toXia], gym],
        [['donny@example.com'], toXia],
      ],
    ]),
    [
      'card_updated',
      { profile_id: personal.id, changes: cardChanges, originated_by: xia.id },
      [
        [[toXia], support],
        [['donny@example.com'], toXia],
      ],
    ],
    [
      'period_sales_report_created',
      {
        provider_id: provider.id,
        starts_at: '2026-03-02T00:00:00.000Z',
        ends_at: '2026-03-09T00:00:00.000Z',
        timezone: 'UTC',
        unit: 'usd',
        rows: [],
        people: null,
      },
      [[[gym, 'alice@example.com'], support]],
    ],
    [
      'payment_returned',
      { profile_id: personal.id, charge_key: 'ch_1', amount: 2000, unit: 'usd', taken_at: '2026-03-10T15:00:00.000Z' },
      [
        [[toXia], support],
        [['donny@example.com'], toXia],
      ],
    ],
    // No other party takes part: the messages are about the site.
    [
      'payment_refused',
      {
        processor: 'stripe',
        account: '',
        reason: 'amount_too_small',
        profile_id: personal.id,
        amount: 60,
        unit: 'usd',
        originated_by: null,
      },
      [[[support, 'donny@example.com'], null]],
    ],
    ['processor_key_refused', { processor: 'stripe', originated_by: null }, [[[support, 'donny@example.com'], null]]],
    // A warning of account takeover: its author gets it too, and cannot opt out of it.
    [
      'processor_keys_replaced',
      {
        processor: 'stripe',
        account: 'acct_1',
        former_account: null,
        replaced_at: '2026-03-10T15:00:00.000Z',
        originated_by: donny.id,
      },
      [[[support, 'donny@example.com'], null]],
    ],
    [
      'account_disconnected',
      { provider_id: provider.id, processor: 'stripe', account: 'acct_1' },
      [
        [[gym, 'alice@example.com'], support],
        [['donny@example.com'], gym],
      ],
    ],
    [
      'fraud_warned',
      {
        charge_id: 1,
        charge_key: 'ch_1',
        charged_at: '2026-03-10T15:00:00.000Z',
        warning_key: 'issfr_1',
        fraud_type: 'misc',
        profile_id: personal.id,
        provider_id: provider.id,
        amount: 1000,
        unit: 'usd',
        is_owner: false,
      },
      [
        [[gym, 'alice@example.com'], support],
        [['donny@example.com'], gym],
      ],
    ],
    [
      'inquiry_opened',
      {
        charge_id: 1,
        charge_key: 'ch_1',
        charged_at: '2026-03-10T15:00:00.000Z',
        dispute_key: 'du_1',
        profile_id: personal.id,
        provider_id: provider.id,
        amount: 1000,
        unit: 'usd',
        reason: 'general',
        due_at: null,
        is_owner: true,
      },
      [
        [[gym, 'alice@example.com'], support],
        [['donny@example.com'], gym],
      ],
    ],
    [
      'payout_failed',
      { payout_id: 1, provider_id: provider.id, amount: 1000, unit: 'usd', is_returned: true, detail: 'Returned.' },
      [[[gym, 'alice@example.com'], support]],
    ],
    [
      'subscription_grant_created',
      { ...subscription(), grant_key: key, key: null, message: null },
      [[[toAcme], 'alice@example.com']],
    ],
    ['subscription_grant_accepted', bySubscriber, [[[gym, 'alice@example.com'], toAcme]]],
    ['subscription_request_created', { ...bySubscriber, request_key: key }, [[[gym, 'alice@example.com'], toAcme]]],
    ['subscription_request_accepted', subscription(), [[[toAcme, toXia], gym]]],
    ['renewal_charge_failed', { ...failure, kind: 'soft', decline_code: 'insufficient_funds' }, bothSides],
    [
      'payment_action_required',
      { ...failure, kind: 'action', decline_code: 'authentication_required', key },
      [[[toXia], gym]],
    ],
    ['renewal_recovered', { ...recovery, was_suspended: false }, customer],
    [
      'subscription_ended_unpaid',
      { ...recovery, subscription_ids: [1], due_amount: 1928, is_suspended: false },
      bothSides,
    ],
    [
      'processor_setup_error',
      { profile_id: personal.id, provider_id: provider.id, unit: 'usd' },
      [
        [[support, 'donny@example.com'], gym],
        [['alice@example.com'], support],
      ],
    ],
    ['expires_soon', ending, customer],
    ['subscription_upgrade', ending, customer],
    ['card_expires_soon', { ...ending, last4: '4242', exp_date: '2026-03-01' }, customer],
    ['payment_method_absent', ending, customer],
    [
      'card_removed',
      { profile_id: personal.id, brand: 'visa', last4: '4242', other_last4: null },
      [[[toXia], support]],
    ],
    ['trial_ends_soon', { ...ending, amount: 9000, unit: 'usd', has_card: true }, customer],
    ['trial_ended', ending, bothSides],
    ['subscription_request_expired', { ...ofPerson, refunded: [], credited: [], due: [] }, bothSides],
    ['subscription_paused', pausing, bothSides],
    ['subscription_resumes_soon', pausing, customer],
    ['subscription_resumed', pausing, bothSides],
    ['quota_reached', { ...ofPerson, use_charge: 'requests', used_quantity: 101 }, bothSides],
    ['use_charge_limit_crossed', { ...ofPerson, use_charge: 'requests', used_quantity: 1000 }, bothSides],
    ['subscription_changed', { ...planned(), ...changed }, [[[toAcme, toXia], gym]]],
    ['change_pending', planned(), [[[toAcme, toXia], gym]]],
    ['change_approaching', planned(), [[[toAcme, toXia], gym]]],
  ];
  assert.deepEqual(
    composers.map(({ event_type }) => event_type.event_name).filter((name) => !cases.some(([each]) => each === name)),
    [],
    'every event that is mailed has a case',
  );
  for (const [name, payload, expected] of cases) {
    const mails = await deliverEvent(name, payload);
    assert.deepEqual(
      mails.map((mail) => [[...mail.to, ...mail.bcc], mail.reply_to]),
      expected,
      name,
    );
    for (const { event, text, reply_to } of mails) {
      if (['user_contact', 'payment_refused', 'processor_key_refused', 'processor_keys_replaced'].includes(event))
        continue;
      assert.match(text, reply_to === support ? /Reply to this message or write/ : new RegExp(`write to ${reply_to}`));
    }
  }
});

test('a user opts out of offered events only, and a new user has no opt-outs', async () => {
  const all = await getPreferences(ctx, 'xia');
  assert.ok(all.includes('order_executed') && !all.includes('user_registered'));
  assert.ok((await getPreferences(ctx, 'DONNY')).includes('user_registered'));
  assert.deepEqual(await changePreferences(ctx, 'xia', ['order_executed_notice', 'user_registered', 'nonsense']), [
    'order_executed',
  ]);
  assert.deepEqual(await getPreferences(ctx, 'xia'), ['order_executed']);
});

/** Makes welcome messages due again, as if the process ended before it marked them delivered. */
async function repeatDelivery(): Promise<void> {
  await ctx.db
    .updateTable('outbox_events')
    .set({ delivered_at: null, next_attempt_at: ctx.clock.now() })
    .where('name', '=', 'user_welcome')
    .execute();
}

test('a repeated delivery of an event sends no second message', async () => {
  await inTransaction(ctx.db, (tx) =>
    emit(tx, { name: 'user_welcome', payload: { user_id: xia.id } }, ctx.clock.now()),
  );
  await deliverWaiting();
  await repeatDelivery();
  mailbox.clear();
  await deliverWaiting();
  const first = mailbox.list().length;
  await repeatDelivery();
  await deliverWaiting();
  assert.equal(mailbox.list().length, first);
});

test('an event about a deleted user or profile is not mailed and not retried', async () => {
  const gone = 999_999;
  const cases: [name: string, payload: object][] = [
    ['user_welcome', { user_id: gone }],
    ['user_registered', { user_id: gone }],
    ['profile_updated', { profile_id: gone, changes: {}, originated_by: gone }],
    ['charge_updated', { ...charge(), profile_id: gone }],
    ['role_grant_created', { ...role(), user_id: gone, grant_key: key, key: null }],
    ['subscription_grant_accepted', { ...subscription(), provider_id: gone }],
  ];
  for (const [event, payload] of cases) assert.deepEqual(await summarizeMessages(event, payload), [], event);
});

test('events of the first version, without the members that later versions added, are mailed', async () => {
  const former = { user_id: xia.id, from: 'old@example.com', to: 'new@example.com', is_verified: false };
  assert.deepEqual(
    (await summarizeMessages('user_email_changed', former)).map(({ to, link }) => [to, link]),
    [[['old@example.com'], null]],
  );
  assert.deepEqual(await summarizeMessages('user_archived', { user_id: xia.id, originated_by: null }), []);
});

test('an event whose payload does not fit its schema is not mailed, and fails with the members named', async () => {
  await inTransaction(ctx.db, (tx) => emit(tx, { name: 'user_welcome', payload: { user_id: 'xia' } }, ctx.clock.now()));
  await deliverWaiting();
  assert.deepEqual(mailbox.list(), []);
  const failed = await ctx.db
    .selectFrom('outbox_events')
    .select(['name', 'last_error'])
    .where('last_error', 'is not', null)
    .execute();
  await ctx.db.deleteFrom('outbox_events').where('last_error', 'is not', null).execute();
  assert.deepEqual(
    failed.map(({ name }) => name),
    ['user_welcome'],
  );
  assert.match(failed[0]?.last_error ?? '', /the payload of user_welcome does not fit its schema: \/user_id /);
});
