import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { checkInvariants } from './checks.ts';
import type { Model } from './model/model.ts';
import type { Draw } from './draws.ts';
import { findFacts, type Tally } from './run.ts';
import type { Site } from './site.ts';

/** Server errors that are documented: the payment has no known outcome. */
const UNKNOWN = 'payment_unknown';
/** After the first move the jobs have finished every order, after the second given-up ones keep no redemption. */
const CLOCK_MOVES_MS = [15 * 60_000, 75 * 60_000];

/**
 * Gives several sequences of commands concurrently to one site, then lets the jobs finish what is open. Any documented
 * response is accepted; afterwards every invariant holds, and coupons, seats and orders agree.
 */
export async function runConcurrently(
  { site, model }: { site: Site; model: Model },
  sequences: readonly (readonly Draw[])[],
  tally: Tally,
): Promise<void> {
  tally.sequences += sequences.length;
  await Promise.all(sequences.map((draws) => sendAll(site, model, draws, tally)));
  for (const ms of CLOCK_MOVES_MS) await site.moveClock(ms);
  await checkInvariants(site.app);
  await checkCoupons(site, model);
  await checkSeats(site);
  const { rows } = await sql`select id, state from orders where state = 'reserved'`.execute(site.app.db);
  assert.deepEqual(rows, [], 'the jobs finish every order');
}

async function sendAll(site: Site, model: Model, draws: readonly Draw[], tally: Tally): Promise<void> {
  for (const draw of draws) {
    const { commands } = draw(model);
    for (const command of commands) {
      const facts = await findFacts(site, model);
      const { status, text } = await command.send(site, facts);
      tally.commands += 1;
      if (status >= 400) tally.refused += 1;
      const code = text.startsWith('{') ? (JSON.parse(text) as { code?: string }).code : undefined;
      assert.ok(status < 500 || code === UNKNOWN, `${command.text}: ${status} ${text.slice(0, 500)}`);
      assert.ok(status < 400 || code !== undefined, `${command.text}: a refusal has a code: ${text.slice(0, 500)}`);
    }
  }
}

/** Each redemption of a coupon has an order, and no other order has its price. */
async function checkCoupons({ app: { db } }: Site, model: Model): Promise<void> {
  for (const { code, left } of model.coupons) {
    if (left === null) continue;
    const { rows } = await sql<{ used: number; left: number }>`
      select (select count(distinct order_id)::int from order_lines join orders on orders.id = order_id
          where coupon_id = coupons.id and state = 'settled') as used, nb_attempts as left
      from coupons where code = ${code}`.execute(db);
    assert.equal((rows[0]?.used ?? 0) + (rows[0]?.left ?? 0), left, `redemptions of ${code}`);
  }
}

/** A seat is used by one order at most. */
async function checkSeats({ app: { db } }: Site): Promise<void> {
  const { rows } = await sql`
    select claim_id, plan_id, count(*) from cart_items where claim_id is not null
    group by claim_id, plan_id having count(*) > 1`.execute(db);
  assert.deepEqual(rows, [], 'a seat is in one cart at most');
}
