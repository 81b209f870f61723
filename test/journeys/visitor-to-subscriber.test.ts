import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { changeProxy, createRule } from '#gateway';
import { verifyLedger } from '#ledger';
import { type Journey, startJourney } from '../support/start-journey.ts';
import { expectStatus, walk } from '../support/walk.ts';

let journey: Journey;
before(async () => {
  journey = await startJourney();
  const ctx = await journey.app.tollgate.makeContext('journey');
  await createRule(ctx, {
    path: '/app/{profile}/',
    allow: '15/{"profile": null, "plan": null, "brokers": null}',
    is_forward: true,
    engaged: 'app',
  });
  await changeProxy(ctx, { session_backend: 2 }, { private_addresses_allowed: true });
});
after(() => journey.close());

test('a visitor reaches the paid application after registering and paying, and not after cancelling', async () => {
  const { origin, app } = journey;
  const visitor = walk(origin);

  const refused = await visitor.get('/app/mira/');
  expectStatus(refused, 302);
  assert.equal(refused.location, '/login/?next=%2Fapp%2Fmira%2F');
  const login = await visitor.follow(refused);
  expectStatus(login, 200);
  assert.match(login.text, /href="\/register\/\?next=%2Fapp%2Fmira%2F"/);

  const program = await visitor.json('/app/mira/');
  expectStatus(program, 401);

  expectStatus(await visitor.get('/register/?next=%2Fapp%2Fmira%2F'), 200);
  const registered = await visitor.post('/register/?next=%2Fapp%2Fmira%2F', {
    full_name: 'Mira Walker',
    email: 'mira@example.com',
    username: 'mira',
    new_password: 'correct horse 7',
    new_password2: 'correct horse 7',
    'terms-of-use': '1',
  });
  expectStatus(registered, 303);
  assert.equal(registered.location, '/app/mira/');

  const unpaid = await visitor.get('/app/mira/');
  expectStatus(unpaid, 302);
  assert.equal(unpaid.location, '/pricing/?next=%2Fapp%2Fmira%2F', 'the refusal names the missing subscription');
  expectStatus(await visitor.json('/app/mira/'), 402);

  const pricing = await visitor.follow(unpaid);
  expectStatus(pricing, 200);
  assert.match(pricing.text, /Open Space/);
  const chosen = await visitor.post('/billing/cart/?next=%2Fapp%2Fmira%2F', { plan: 'open-space' });
  expectStatus(chosen, 303);
  const cart = await visitor.follow(chosen);
  expectStatus(cart, 200);
  assert.match(cart.text, /\$179\.99/);

  const checkout = await visitor.get('/billing/mira/checkout/?next=%2Fapp%2Fmira%2F');
  expectStatus(checkout, 200);
  const cart_version = /name="cart_version" value="([0-9a-f]+)"/.exec(checkout.text)?.[1] ?? '';
  const card = {
    action: 'pay',
    cart_version,
    card_name: 'Mira Walker',
    card_exp: '12/30',
    card_cvc: '123',
    remember_card: '1',
  };
  const declined = await visitor.post('/billing/mira/checkout/?next=%2Fapp%2Fmira%2F', {
    ...card,
    card_number: '4000 0000 0000 0002',
  });
  expectStatus(declined, 400);
  assert.match(declined.text, /declined/i);
  assert.ok(!declined.text.includes('value="4000'), 'no page repeats a card number');
  expectStatus(await visitor.json('/app/mira/'), 402);

  const paid = await visitor.post('/billing/mira/checkout/?next=%2Fapp%2Fmira%2F', {
    ...card,
    card_number: '4242 4242 4242 4242',
  });
  expectStatus(paid, 303);
  assert.match(String(paid.location), /^\/billing\/mira\/receipt\/[^/]+\/\?next=%2Fapp%2Fmira%2F$/);
  const receipt = await visitor.follow(paid);
  expectStatus(receipt, 200);
  assert.match(receipt.text, /\$179\.99/);
  assert.match(receipt.text, /href="\/app\/mira\/"/);

  const inside = await visitor.json('/app/mira/');
  expectStatus(inside, 200);
  const seen: unknown = JSON.parse(inside.text);
  assert.ok(typeof seen === 'object' && seen !== null && 'username' in seen && 'plans' in seen && 'profile' in seen);
  assert.equal(seen.username, 'mira');
  assert.equal(seen.profile, 'mira');
  assert.deepEqual(seen.plans, ['open-space']);

  const history = await visitor.get('/billing/mira/history/');
  expectStatus(history, 200);
  assert.match(history.text, /Open Space, 1 month until/);

  expectStatus(await visitor.get('/profile/mira/subscriptions/'), 200);
  const left = await visitor.post('/profile/mira/subscriptions/', { action: 'unsubscribe', plan: 'open-space' });
  expectStatus(left, 303);

  const out = await visitor.get('/app/mira/');
  expectStatus(out, 302);
  assert.equal(out.location, '/pricing/?next=%2Fapp%2Fmira%2F');
  expectStatus(await visitor.json('/app/mira/'), 402);

  assert.deepEqual((await verifyLedger(app.db)).violations, []);
});

test('the buyer and the provider receive the receipt, the new user the welcome', async () => {
  const { app } = journey;
  await app.tollgate.worker.drain();
  const subjects = app.tollgate.mailbox.list('mira@example.com').map((mail) => `${mail.event}: ${mail.subject}`);
  assert.ok(
    subjects.some((subject) => subject.startsWith('order_executed')),
    subjects.join('\n'),
  );
  assert.ok(
    subjects.some((subject) => subject.startsWith('charge_updated')),
    subjects.join('\n'),
  );
});
