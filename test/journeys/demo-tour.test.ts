import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { tour } from '../../src/demo/tour.ts';
import { type DemoApp, startDemoApp } from '../support/start-demo-app.ts';
import { expectStatus, walk } from '../support/walk.ts';

let app: DemoApp;
let origin: string;

before(async () => {
  app = await startDemoApp({ listen: true });
  origin = await app.tollgate.listen();
  await app.tollgate.startWorker();
});
after(() => app.close());

async function signedIn(username: string) {
  const user = walk(origin);
  await user.get('/login/');
  const reply = await user.post('/login/', { username, password: 'yoyo' });
  assert.equal(reply.status, 303, reply.text.slice(0, 500));
  return user;
}

const card = (card_number: string) => ({
  action: 'pay',
  card_number,
  card_exp: '12/30',
  card_cvc: '123',
  card_name: 'A Visitor',
});

async function registered(username: string) {
  const visitor = walk(origin);
  const refused = await visitor.get('/app/');
  assert.match(refused.location ?? '', /^\/login\/\?next=/);
  await visitor.get('/register/?next=%2Fapp%2F');
  const made = await visitor.post('/register/?next=%2Fapp%2F', {
    full_name: 'A Visitor',
    email: `${username}@example.com`,
    username,
    new_password: 'correct-horse-battery',
    new_password2: 'correct-horse-battery',
    type: 'personal',
    'terms-of-use': '1',
  });
  const inside = await visitor.follow(made);
  expectStatus(inside, 200);
  assert.ok(inside.text.includes(`data-testid="username">${username}`), inside.text.slice(0, 500));
  return visitor;
}

/** The check of each line of the banner, by the id of the line. */
const proofs: Record<string, () => Promise<void>> = {
  async 'visitor-registers'() {
    await registered('visitor-one');
  },
  async 'visitor-pays'() {
    const visitor = await registered('visitor-two');
    const refused = await visitor.get('/app/visitor-two/reports/');
    assert.match(refused.location ?? '', /\/cart\/|\/pricing\//);
    await visitor.get('/pricing/');
    await visitor.follow(await visitor.post('/billing/cart/', { plan: 'managed' }));
    const page = await visitor.get('/billing/visitor-two/checkout/');
    expectStatus(page, 200);
    const paid = await visitor.post('/billing/visitor-two/checkout/', {
      ...cartVersion(page.text),
      ...card('4242 4242 4242 4242'),
    });
    assert.equal(paid.status, 303, paid.text.replaceAll(/<[^>]+>|\s+/g, ' ').slice(0, 600));
    expectStatus(await visitor.get('/app/visitor-two/reports/'), 200);
  },
  async 'visitor-declined'() {
    const visitor = await registered('visitor-three');
    await visitor.get('/pricing/');
    await visitor.follow(await visitor.post('/billing/cart/', { plan: 'managed' }));
    const page = await visitor.get('/billing/visitor-three/checkout/');
    const declined = await visitor.post('/billing/visitor-three/checkout/', {
      ...cartVersion(page.text),
      ...card('4000 0000 0000 0002'),
    });
    assert.match(declined.text, /declined/i);
    const history = await visitor.get('/billing/visitor-three/history/');
    assert.ok(!history.text.includes('Managed'), 'no order is left');
  },
  async 'visitor-coupon'() {
    const visitor = walk(origin);
    await visitor.get('/redeem/');
    const redeemed = await visitor.follow(await visitor.post('/redeem/', { code: 'DIS50' }));
    expectStatus(redeemed, 200);
    const pricing = await visitor.get('/pricing/');
    assert.match(pricing.text, /DIS50/);
  },
  async 'subscriber-reports'() {
    const page = await (await signedIn('xia')).get('/app/xia/reports/');
    expectStatus(page, 200);
    assert.match(page.text, /Reports for subscribers/);
  },
  async 'subscriber-history'() {
    const xia = await signedIn('xia');
    const page = await xia.get('/billing/xia/history/');
    expectStatus(page, 200);
    const receipt = /href="(\/billing\/xia\/receipt\/[^"]+)"/.exec(page.text)?.[1];
    assert.ok(receipt, 'a receipt is linked');
    expectStatus(await xia.get(receipt), 200);
  },
  async 'subscriber-invites'() {
    const xia = await signedIn('xia');
    await xia.get('/profile/xia/roles/manager/');
    const invited = await xia.post('/profile/xia/roles/manager/', {
      action: 'invite',
      role: 'manager',
      email: 'kenneth@example.com',
    });
    const page = await xia.follow(invited);
    assert.match(page.text, /kenneth/i);
  },
  async 'user-refused'() {
    const kenneth = await signedIn('kenneth');
    const refused = await kenneth.get('/app/kenneth/reports/');
    assert.match(refused.location ?? '', /\/cart\/|\/pricing\//);
    expectStatus(await kenneth.follow(refused), 200);
  },
  async 'contributor-reads'() {
    const alice = await signedIn('alice');
    const page = await alice.get('/profile/cowork/roles/');
    expectStatus(page, 200);
    assert.match(page.text, /Donny/);
    const changed = await alice.post('/profile/cowork/roles/manager/', {
      action: 'invite',
      role: 'manager',
      email: 'xia@example.com',
    });
    assert.equal(changed.status, 403);
  },
  async 'manager-set-up'() {
    expectStatus(await (await signedIn('donny')).get('/metrics/cowork/setup/'), 200);
  },
  async 'manager-enters'() {
    expectStatus(await (await signedIn('donny')).get('/app/kenneth/reports/'), 200);
  },
  async 'developer-reference'() {
    const page = await walk(origin).get('/docs/api/billing/');
    expectStatus(page, 200);
    assert.match(page.text, /curl -X POST/);
  },
  async 'developer-token'() {
    const { token } = await signInByApi();
    assert.match(token, /^[\w-]+\.[\w-]+\.[\w-]+$/);
  },
  async 'developer-session'() {
    const { token } = await signInByApi();
    const reply = await fetch(`${origin}/api/proxy/sessions/xia`, { headers: { authorization: `Bearer ${token}` } });
    const body = (await reply.json()) as { forward_session: string }; // the documented response
    assert.equal((JSON.parse(body.forward_session) as { username: string }).username, 'xia');
  },
  async 'developer-mail'() {
    const anyone = walk(origin);
    expectStatus(await anyone.get('/_dev/mail'), 200);
    expectStatus(await anyone.json('/_dev/clock'), 200);
  },
};

async function signInByApi(): Promise<{ token: string }> {
  const reply = await fetch(`${origin}/api/auth`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'donny', password: 'yoyo' }),
  });
  assert.equal(reply.status, 201);
  return (await reply.json()) as { token: string }; // the documented response
}

/** The version of the cart that the page shows. */
function cartVersion(html: string): Record<string, string> {
  const cart_version = /name="cart_version" value="([0-9a-f]+)"/.exec(html)?.[1];
  return cart_version === undefined ? {} : { cart_version };
}

const lines = tour.flatMap((stop) => stop.lines);

test('every line of the banner has a check, and every check a line', () => {
  assert.deepEqual(
    lines.map(({ id }) => id),
    Object.keys(proofs),
  );
});

for (const { id, do: line } of lines) {
  test(`the demo does what its banner states: ${line}`, async () => {
    await proofs[id]?.();
  });
}
