import assert from 'node:assert/strict';
import type { Clock } from '#platform/clock';
import { type Db, inTransaction } from '#platform/db/database';
import { sha256Hex } from '#platform/security/crypto';
import type { PayoutOutcome, PayoutReport, PayoutRequest } from '../payout.ts';
import type { Processor } from '../processor.ts';
import { hashOf } from './test-outcomes.ts';
import {
  deleteTestAccount,
  findTestAccount,
  findTestPayout,
  findTestPayouts,
  insertTestAccount,
  insertTestPayout,
  type TestPayout,
} from './test-payout-store.ts';

const BATCH = 100;

/** Bank account of every account of the test processor. */
const BANK = { bank_name: 'Test Bank', last4: '***-6789', available: null };

/**
 * Accounts and payouts of the test processor. It keeps no balance: Tollgate limits payouts to the funds of the ledger,
 * and `_dev/processor` decides a payout that is on its way.
 */
export function makeTestPayouts(
  db: Db,
  clock: Clock,
): Pick<
  Processor,
  | 'connectAccount'
  | 'retrieveAccount'
  | 'onboard'
  | 'onboarding_origin'
  | 'disconnectAccount'
  | 'payoutAccount'
  | 'payout'
  | 'findPayout'
  | 'listPayouts'
> {
  // Empty: the account of the broker, which exists without being connected.
  const isConnected = async (account: string) => account === '' || (await findTestAccount(db, account)) !== undefined;
  return {
    async connectAccount({ key, name }) {
      const account = `acct_${sha256Hex(key).slice(0, 24)}`;
      const row = { key: account, idempotency_key: key, name, created_at: clock.now() };
      await inTransaction(db, (tx) => insertTestAccount(tx, row));
      return account;
    },
    async retrieveAccount(account) {
      if (!(await isConnected(account))) return null;
      const requirements = { currently_due: [], pending: [], deadline: null, disabled_reason: null };
      const enabled = { charges_enabled: true, payouts_enabled: true, details_submitted: true };
      return { ...enabled, fee_payer: 'account', requirements };
    },
    onboard: () => Promise.resolve(null),
    onboarding_origin: null,
    disconnectAccount: (account) => inTransaction(db, (tx) => deleteTestAccount(tx, account)),
    payoutAccount: async (account) => ((await isConnected(account)) ? BANK : null),
    async payout(request): Promise<PayoutOutcome> {
      if (!(await isConnected(request.account))) return { outcome: 'refused', detail: 'There is no such account.' };
      return { outcome: 'accepted', payout: reportOf(await sendPayout(db, clock, request)) };
    },
    async findPayout(payout) {
      const found = await findTestPayout(db, payout);
      return found?.account === payout.account ? reportOf(found) : null;
    },
    async *listPayouts(account, since) {
      let after: TestPayout | null = null;
      for (;;) {
        const rows: TestPayout[] = await findTestPayouts(db, account, { since, after, limit: BATCH });
        yield rows.map(reportOf);
        after = rows.at(-1) ?? null;
        if (rows.length < BATCH) return;
      }
    },
  };
}

async function sendPayout(db: Db, clock: Clock, request: PayoutRequest): Promise<TestPayout> {
  const { key, account, amount, unit } = request;
  const request_hash = hashOf([account, amount, unit]);
  return inTransaction(db, async (tx) => {
    const inserted = await insertTestPayout(tx, {
      key: `po_${sha256Hex(key).slice(0, 24)}`,
      idempotency_key: key,
      request_hash,
      account,
      amount,
      unit,
      state: 'pending',
      created_at: clock.now(),
    });
    const payout = inserted ?? (await findTestPayout(tx, { key }));
    assert(payout, 'a payout was inserted or exists');
    assert.equal(payout.request_hash, request_hash, 'the key was used for another payout');
    return payout;
  });
}

function reportOf({ key, idempotency_key, amount, unit, state, created_at }: TestPayout): PayoutReport {
  return { processor_key: key, key: idempotency_key, amount, unit, state, created_at };
}
