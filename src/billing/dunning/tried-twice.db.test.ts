import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { verifyLedger } from '#ledger';
import { type ChangeSite, startChanges } from '../../../test/support/changes.ts';
import { RENEW, setCardOutcome, token_lifetime_s } from '../../../test/support/dunning.ts';
import { interruptAt } from '../../../test/support/interrupt.ts';
import { chargeOwing, chargeUnreached } from './charge-owing.ts';
import { chargeNewCard } from './new-card.ts';
import { retryDunning } from './retry-dunning.ts';
import { reviewCases } from './review-case.ts';

const DAY_0 = '2026-02-09T10:00:00Z';
const AT = new Date('2026-02-10T10:00:00Z');
const run = { at: AT, isOver: () => false };

let site: ChangeSite;
before(async () => {
  site = await startChanges({ config: { token_lifetime_s } });
  await site.plan('basic');
  await site.buy(site.xia, 'xia', 'basic');
  await setCardOutcome(site, 'insufficient_funds');
  await site.runAt(DAY_0, RENEW);
});
after(async () => {
  const { violations } = await verifyLedger(site.app.db);
  await site.close();
  assert.deepEqual(violations, []);
});

const contextOf = () => ({ ...site.ctx, dunning: site.app.config });
const payerOf = async () =>
  (await site.app.db.selectFrom('profiles').select('id').where('slug', '=', 'xia').executeTakeFirstOrThrow()).id;
const chargesCount = async () =>
  (await site.app.db.selectFrom('renewal_charges').select('charge_attempt_id').execute()).length;

/** Makes the tries of before so old that they count for no limit. */
async function makeOlder(): Promise<void> {
  const before = sql`timestamptz '2026-01-01T10:00:00Z'`;
  await sql`update charge_attempts set created_at = ${before}, reserved_at = ${before}`.execute(site.app.db);
  await sql`update dunning_attempts set created_at = ${before}`.execute(site.app.db);
  await sql`update payment_methods set unusable_reason = null, unusable_until = null`.execute(site.app.db);
}

async function makeRetryDue(): Promise<void> {
  await makeOlder();
  await sql`update dunning_cases set state = 'retrying', next_attempt_at = ${AT}`.execute(site.app.db);
}

async function removeCase(): Promise<void> {
  await makeOlder();
  await sql`delete from dunning_attempts`.execute(site.app.db);
  await sql`delete from dunning_cases`.execute(site.app.db);
}

/** Runs the job of the hour as a node does. */
async function runHour(): Promise<void> {
  const job = site.app.tollgate.worker.jobs.find(({ name }) => name === RENEW) ?? assert.fail();
  await job.run(await site.app.tollgate.makeContext(RENEW), {} as never, AT); // the job has no payload
}

/** What charges a payer, and how a charge by it becomes due. */
const charging = [
  ['the schedule', makeRetryDue, () => reviewCases(contextOf(), run)],
  ['the schedule in a whole run', makeRetryDue, runHour],
  [
    'a new card',
    async () => {
      await makeRetryDue();
      await sql`update payment_methods set updated_at = ${AT}`.execute(site.app.db);
    },
    async () => chargeNewCard(contextOf(), await payerOf()),
  ],
  ['the payer', makeRetryDue, async () => retryDunning(contextOf(), await payerOf(), null).catch(() => {})],
  ['a balance due', removeCase, () => chargeOwing(contextOf(), run)],
  ['a balance due in a whole run', removeCase, runHour],
  [
    'the next call of an unreachable processor',
    async () => {
      await removeCase();
      await sql`update renewal_charges set kind = 'processor', created_at = ${new Date(DAY_0)}`.execute(site.app.db);
    },
    () => chargeUnreached(contextOf(), run),
  ],
] satisfies [string, () => Promise<void>, () => Promise<unknown>][];

for (const [title, prepare, charge] of charging)
  test(`a card that is declined is tried once for ${title}, also by a node that is overtaken by another one`, async () => {
    site.moveTo(AT.toISOString());
    let place = 0;
    for (let is_overtaken = true; is_overtaken; place += 1) {
      await prepare();
      const tries = await chargesCount();
      is_overtaken = await interruptAt(place, charge, charge);
      assert.equal((await chargesCount()) - tries, 1, `overtaken before its step ${place}`);
    }
    assert(place > 3, 'the work has steps');
  });
