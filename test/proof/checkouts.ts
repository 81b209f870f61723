import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { openDatabase } from '../../src/platform/db/database.ts';
import { proxyDatabase } from '../support/database-proxy.ts';
import { startApp, type TestApp } from '../support/start-app.ts';
import { checkInvariants } from './checks.ts';
import type { Model } from './model/model.ts';
import { makeSite, type Site } from './site.ts';

/** Outcome of many checkouts with faults. */
export interface CheckoutReport {
  checkouts: number;
  /** Responses by status and code; `lost` without a response. */
  responses: Map<string, number>;
  cuts: number;
  charges: number;
}

const CLIENTS = 8;
const SITES = 4;
const CHECKOUTS_PER_BATCH = 200;
const CUT_EVERY = 3;
const CUT_AFTER_MS = 400;
const CLOCK_MS = 15 * 60_000;

/** Cards in their frequency: accepted, declined, response lost, unreachable, open until decided. */
const tokens = [
  ...Array.from({ length: 14 }, () => 'tok_visa'),
  'tok_chargeDeclined',
  'tok_chargeDeclined',
  'tok_timeout',
  'tok_timeout',
  'tok_unreachable',
  'tok_chargeAsyncFail',
];

/**
 * Checks out `count` carts by `CLIENTS` concurrent clients, while cards fail and the connections to the database are
 * cut; after each batch the jobs finish what is open. Ends early at `deadline`. Fails if the site, the processor and
 * the ledger disagree.
 */
export async function checkOutWithFaults(app: TestApp, count: number, deadline: number): Promise<CheckoutReport> {
  assert(app.database.url !== null, 'connections are cut on a database server only');
  const proxy = await proxyDatabase(app.database.url);
  const database = await openDatabase({ url: proxy.url });
  const node = await startApp({ seed: false, now: app.clock.now(), database: { ...database, url: proxy.url } });
  const sites: { site: Site; model: Model }[] = [];
  for (let index = 0; index < SITES; index += 1) sites.push(await makeSite(app));
  const report: CheckoutReport = { checkouts: 0, responses: new Map(), cuts: 0, charges: 0 };
  const callers = sites.flatMap(({ site, model }) => model.buyers.map((buyer) => ({ site, model, buyer })));
  const accepted = new Set<string>();
  for (let batch = 0; report.checkouts < count && Date.now() < deadline; batch += 1) {
    const size = Math.min(CHECKOUTS_PER_BATCH, count - report.checkouts);
    let next = 0;
    const client = async () => {
      while (next < size) {
        const number = report.checkouts + next;
        next += 1;
        const caller = callers[number % callers.length];
        if (caller) await checkOutOnce(caller, node, number, { report, accepted });
      }
    };
    const working = Promise.all(Array.from({ length: CLIENTS }, client));
    if (batch % CUT_EVERY === 0) {
      await new Promise((resolve) => setTimeout(resolve, CUT_AFTER_MS));
      await proxy.restore();
      report.cuts += 1;
    }
    await working;
    report.checkouts += size;
    await finish(app, node, sites[0]?.site);
  }
  await node.close();
  await proxy.disconnect();
  report.charges = await checkCharges(app, accepted);
  await checkInvariants(app);
  return report;
}

interface Caller {
  site: Site;
  model: Model;
  buyer: string;
}

async function checkOutOnce(
  { site, model, buyer }: Caller,
  node: TestApp,
  number: number,
  { report, accepted }: { report: CheckoutReport; accepted: Set<string> },
): Promise<void> {
  const plan = model.plans[number % 4];
  const processor_token = tokens[number % tokens.length];
  const headers = { 'idempotency-key': `checkout-${number}` };
  const url = `/api/billing/${buyer}/checkout`;
  const added = await site.call(buyer, 'POST', '/api/cart', { plan: plan?.slug, option: 1 }, { node });
  const seen = added.status < 300 ? await site.call(buyer, 'GET', url, undefined, { node }) : added;
  const reply =
    seen.status === 200 ? await site.call(buyer, 'POST', url, { processor_token }, { node, headers }) : seen;
  const body = reply.text.startsWith('{') ? (JSON.parse(reply.text) as { code?: string; processor_key?: string }) : {};
  assert.ok(reply.status < 400 || body.code !== undefined, `an error has a code: ${reply.status} ${reply.text}`);
  const name = `${reply.status} ${body.code ?? ''}`.trim();
  report.responses.set(name, (report.responses.get(name) ?? 0) + 1);
  if (reply.status === 201) accepted.add(body.processor_key ?? assert.fail('the response names the charge'));
}

/** Decides the open charges, and lets the jobs finish what the faults left open. */
async function finish(app: TestApp, node: TestApp, site: Site | undefined): Promise<void> {
  await app.db.deleteFrom('rate_limits').execute();
  await sql`update test_processor_charges set state = case when random() < 0.5 then 'done' else 'failed' end
    where state = 'created' and outcome = 'accepted'`.execute(app.db);
  await site?.moveClock(CLOCK_MS);
  node.clock.set(app.clock.now());
}

/** Site and processor have the same charges; each that a response named is one of them. Returns their number. */
async function checkCharges({ db }: TestApp, accepted: ReadonlySet<string>): Promise<number> {
  const { rows } = await sql<{ key: string; site: boolean; processor: boolean }>`
    select coalesce(charges.processor_key, test.key) as key, charges.id is not null as site, test.key is not null as processor
    from charges full join (select * from test_processor_charges where outcome = 'accepted') test
      on test.key = charges.processor_key and test.amount = charges.amount`.execute(db);
  assert.deepEqual(
    rows.filter(({ site, processor }) => !site || !processor),
    [],
    'site and processor have the same charges',
  );
  const keys = new Set(rows.map(({ key }) => key));
  assert.deepEqual(
    [...accepted].filter((key) => !keys.has(key)),
    [],
    'every charge of a response exists',
  );
  const open = await sql`select id from orders where state = 'reserved'`.execute(db);
  assert.deepEqual(open.rows, [], 'the jobs finish every order');
  return rows.length;
}
