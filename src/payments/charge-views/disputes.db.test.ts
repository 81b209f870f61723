import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { browserClient } from '../../../test/support/client.ts';
import { testPassword } from '../../../test/support/factories/accounts.ts';
import { makeMember, makeOrganization, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { startStripeSite, type StripeSite } from '../../../test/support/stripe-site.ts';
import { paths } from '#platform/http/paths';
import { findProfileById, findProfileBySlug } from '#profiles';
import { inTransaction } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { emitInquiries } from '../disputes/index.ts';
import { findDisputes, saveDisputes } from '../records/index.ts';

const DAY_MS = 86_400_000;

let site: StripeSite;
let broker: ReturnType<typeof browserClient>;
before(async () => {
  site = await startStripeSite({ terms_required: false });
  broker = await signIn('bea', await profileOf('cowork'));
});
after(() => site.close());

async function profileOf(slug: string): Promise<ProfileId> {
  const profile = await findProfileBySlug(site.app.db, slug);
  assert(profile);
  return profile.id;
}

/** Signs in a new manager of a profile. */
async function signIn(username: string, profile_id: ProfileId): Promise<ReturnType<typeof browserClient>> {
  const { app } = site;
  const user = await makeReadyUser(app.db, { username, at: app.clock.now() });
  const profile = await findProfileById(app.db, profile_id);
  assert(profile);
  await makeMember(app.db, profile, user, 'manager');
  const browser = browserClient(app);
  await browser.get('/login/');
  await browser.post('/login/', { username, password: testPassword });
  return browser;
}

/** A sale of a provider, and its page as the broker and as the provider see it. */
async function sell({ is_direct = false } = {}) {
  const made = is_direct ? await site.makeProvider() : null;
  const seller = made?.provider ?? (await makeSeller());
  const charge = await site.makeSale(seller);
  const profile = await findProfileById(site.app.db, seller);
  const payer = await findProfileById(site.app.db, charge.profile_id);
  assert(profile && payer);
  const manager = await signIn(`manager-of-${profile.slug}`, seller);
  const text = async (browser: typeof broker, url: string) => {
    const { status, text: html } = await browser.get(url);
    assert.equal(status, 200, html);
    return html
      .slice(html.indexOf('<main'), html.indexOf('What was paid'))
      .replaceAll(/<[^>]*>/g, ' ')
      .replaceAll(/\s+/g, ' ');
  };
  return {
    charge,
    forBroker: () => text(broker, paths.receipt(payer.slug, charge.processor_key)),
    forSeller: () => text(manager, paths.sellerCharge(profile.slug, charge.processor_key)),
    html: async () => (await broker.get(paths.receipt(payer.slug, charge.processor_key))).text,
    dispute: (body: object) => site.act(`charges/${charge.processor_key}/dispute`, body),
    async decide(to: string) {
      const [open] = await findDisputes(site.app.db, charge.id);
      await site.act(`disputes/${open?.processor_key}`, { to });
      await site.learn();
    },
  };
}

let sellers = 0;
async function makeSeller(): Promise<ProfileId> {
  sellers += 1;
  const user = await makeReadyUser(site.app.db, { username: `owner-${sellers}`, at: site.app.clock.now() });
  const fields = { slug: `seller-${sellers}`, manager: user, is_provider: true };
  return (await makeOrganization(site.app.db, fields)).id;
}

test('the page of a charge shows a dispute with its amount, reason and limit, then its outcome', async () => {
  const sale = await sell();
  assert.doesNotMatch(await sale.forBroker(), /Dispute/);
  await sale.dispute({ reason: 'product_not_received', amount: 5000 });
  await site.learn();
  const open = await sale.forBroker();
  assert.match(open, /Dispute +Open +The bank took the money back\. Answer with evidence at the processor\./);
  assert.match(open, /Disputed amount +\$50\.00 +Reason +The product or service was not received/);
  assert.match(open, /Opened on +Mar 10, 2026.* Answer until +Mar 19, 2026.* Reference +d[pu]_/);
  assert.match(open, /Answer at the processor $/);
  assert.match(await sale.html(), /href="http:\/\/127\.0\.0\.1:\d+\/_emulator"/);
  // The account is that of the broker: the seller cannot answer.
  const for_seller = await sale.forSeller();
  assert.match(for_seller, /The owner of the account at the processor answers\./);
  assert.doesNotMatch(for_seller, /Answer at the processor/);

  await sale.decide('under_review');
  assert.match(
    await sale.forBroker(),
    /Answered +The bank took the money back\. The answer was sent, and the bank decides\./,
  );
  await sale.decide('won');
  const won = await sale.forBroker();
  assert.match(won, /Won +The bank decided against the customer: the money is back\./);
  assert.match(won, /Ended on +Mar 10, 2026/);
  assert.doesNotMatch(won, /Answer/);
  // The rows of the ledger are those of the dispute of Stripe, not of the test processor.
  assert.match(
    (await sale.html()).replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' '),
    /The dispute was won, the money is back .* Chargeback/,
  );
});

/** What sellers were asked about a charge: the inquiry, the amount, and whether the seller answers. */
async function questionsOf(charge_id: number) {
  const rows = await site.app.db
    .selectFrom('outbox_events')
    .select('payload')
    .where('name', '=', 'inquiry_opened')
    .execute();
  const payloads = rows.map(({ payload }) => payload as Record<string, unknown>);
  return payloads.flatMap((each) =>
    each['charge_id'] === charge_id ? [[each['provider_id'], each['amount'], each['is_owner'], each['due_at']]] : [],
  );
}

test('S59: a seller is mailed each inquiry once, with the limit of the answer, and nothing is booked', async () => {
  const sale = await sell({ is_direct: true });
  const { charge } = sale;
  const [item] = await site.app.db.selectFrom('charge_items').selectAll().where('charge_id', '=', charge.id).execute();
  const entries = () => site.app.db.selectFrom('ledger_entries').select('id').execute();
  const before = await entries();
  await sale.dispute({ inquiry: true, amount: 5000 });
  await site.learn();
  await site.learn();
  const due_at = '2026-03-19T15:00:00.000Z';
  assert.deepEqual(await questionsOf(charge.id), [[item?.provider_id, 5000, true, due_at]]);
  await sale.decide('under_review');
  assert.equal((await questionsOf(charge.id)).length, 1);
  assert.equal((await entries()).length, before.length);
  await sale.decide('open');
  assert.equal((await questionsOf(charge.id)).length, 1, 'a dispute is no inquiry');
});

test('S59: of a charge on the account of the broker the broker answers; an answered inquiry is not mailed', async () => {
  const sale = await sell();
  await sale.dispute({ inquiry: true });
  await site.learn();
  const [[, , is_owner] = []] = await questionsOf(sale.charge.id);
  assert.equal(is_owner, false);
  const other = await site.makeSale(await makeSeller());
  const report = { key: 'dp_answered', amount: 100, reason: '', due_at: null, opened_at: null };
  await inTransaction(site.app.db, async (tx) => {
    const at = site.app.clock.now();
    const state = 'inquiry' as const;
    await emitInquiries(tx, other, await saveDisputes(tx, other, [{ ...report, state, is_answered: true }], at), at);
  });
  assert.deepEqual(await questionsOf(other.id), []);
});

test('an inquiry took no money, and a time that is over is no longer for an answer', async () => {
  const sale = await sell();
  await sale.dispute({ inquiry: true });
  await site.learn();
  assert.match(await sale.forBroker(), /Inquiry +The bank asks about this payment and took no money back\. Answer/);
  site.advance(10 * DAY_MS);
  broker = await signIn('bob', await profileOf('cowork'));
  const late = await sale.forBroker();
  assert.match(late, /The time to answer is over, and the bank decides\./);
  await sale.decide('lost');
  assert.match(await sale.forBroker(), /Lost +The bank decided for the customer, who keeps the money\./);
});

test('the provider whose account was charged answers, not the broker', async () => {
  const sale = await sell({ is_direct: true });
  await sale.dispute({});
  await site.learn();
  assert.match(await sale.forSeller(), /Answer with evidence at the processor\..* Answer at the processor $/);
  const for_broker = await sale.forBroker();
  assert.match(for_broker, /Dispute +Open .* The owner of the account at the processor answers\./);
  assert.doesNotMatch(for_broker, /Answer at the processor/);
});

test('a late report of a dispute changes nothing, and an appeal wins a lost one', async () => {
  const { charge } = await sell();
  const base = { key: 'dp_reported', amount: 500, reason: 'general', due_at: null, opened_at: null };
  const report = async (state: 'inquiry' | 'open' | 'lost' | 'won', is_answered = false, later_ms = 0) => {
    const at = new Date(site.app.clock.now().getTime() + later_ms);
    await inTransaction(site.app.db, (tx) => saveDisputes(tx, charge, [{ ...base, state, is_answered }], at));
    const [stored] = await findDisputes(site.app.db, charge.id);
    return [stored?.state, stored?.is_answered, stored?.closed_at?.getTime() ?? null];
  };
  const now = site.app.clock.now().getTime();
  assert.deepEqual(await report('open'), ['open', false, null]);
  assert.deepEqual(await report('inquiry', true), ['open', false, null]);
  assert.deepEqual(await report('open', true), ['open', true, null]);
  assert.deepEqual(await report('open'), ['open', true, null]);
  assert.deepEqual(await report('lost'), ['lost', false, now]);
  assert.deepEqual(await report('lost', false, 1000), ['lost', false, now]);
  assert.deepEqual(await report('open', true, 1000), ['lost', false, now]);
  assert.deepEqual(await report('won', false, 2000), ['won', false, now + 2000]);
  assert.deepEqual(await report('lost', false, 3000), ['won', false, now + 2000]);
});
