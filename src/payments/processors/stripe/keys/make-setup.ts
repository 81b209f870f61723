import type { Stripe } from 'stripe';
import type { Clock } from '#platform/clock';
import { type Db, inTransaction } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { shownKey } from '#platform/stripe-keys';
import { processorKeysReplaced } from '../../../events.ts';
import type { ProcessorSetup, SetupReport } from '../../setup.ts';
import type { StripeSettings } from '../stripe-client.ts';
import { STRIPE, type StripeNeeds } from '../stripe-needs.ts';
import type { CallRecord } from './call-record.ts';
import { storeAccount } from './account-store.ts';
import { checkSetup } from './check-setup.ts';
import { createEndpoints } from './create-endpoints.ts';
import { findInvalidKeys } from './find-invalid-keys.ts';
import { findAccountOf, findUsedAccount } from './key-account.ts';
import { findStoredKeys, storeKeys } from './key-store.ts';
import type { LiveClient } from './live-client.ts';

interface Needs {
  db: Db;
  clock: Clock;
  /** Keys of the settings of the site. */
  settings: StripeSettings;
  app_version: string;
  record: CallRecord;
}

/** Makes the questions about the key of the site, and what replaces it. */
export function makeSetup(
  needs: StripeNeeds,
  live: LiveClient,
  { db, clock, settings, app_version, record }: Needs,
): ProcessorSetup {
  return {
    ...makeReports(needs, live, clock),
    createEndpoints: (origin) => live.run(() => createEndpoints(needs, origin)),
    isRefused: live.isRefused,
    async compareAccounts(secret_key) {
      await live.refresh();
      // Keys that are compared have no pace: a manager enters them by hand.
      const calls = { pacer: null, record };
      const account = await findAccountOf({ ...live.settings, secret_key }, app_version, calls);
      return { account, used: await findUsedAccount(db, live.settings, app_version, calls) };
    },
    findInvalidKeys: (keys) => findInvalidKeys(keys, settings.secret_key),
    async storeKeys({ secret_key, publishable_key }, { account, former_account, by }) {
      await inTransaction(db, async (tx) => {
        const at = clock.now();
        // Locks the row of the account: of two managers, the second one replaces the keys of the first.
        await storeAccount(tx, account, at);
        const former = (await findStoredKeys(tx, settings.secret_key)) ?? settings;
        const next = { secret_key, publishable_key: publishable_key ?? former.publishable_key };
        await storeKeys(tx, next, settings.secret_key, at);
        if (former.secret_key === next.secret_key && former.publishable_key === next.publishable_key) return;
        const facts = { processor: STRIPE, account, former_account, replaced_at: at.toISOString(), originated_by: by };
        await emit(tx, processorKeysReplaced(facts), at);
      });
      await live.refresh(true);
    },
    async findShownKeys() {
      const stored = await findStoredKeys(db, settings.secret_key);
      const { secret_key, publishable_key } = stored ?? settings;
      return {
        secret_key: shownKey(secret_key),
        publishable_key: shownKey(publishable_key),
        set_at: stored?.set_at ?? null,
      };
    },
  };
}

/** Makes the reports of this process about the keys in use. */
function makeReports(
  needs: StripeNeeds,
  live: LiveClient,
  clock: Clock,
): Pick<ProcessorSetup, 'check' | 'findLastReport'> {
  // A client is of one pair of keys: a report counts as long as its client is the one in use.
  let last: { report: SetupReport; at: Date; client: Stripe } | null = null;
  const running = new Map<string, { client: Stripe; report: Promise<SetupReport> }>();
  async function askAll(origin: string, client: Stripe): Promise<SetupReport> {
    const report = await live.run(() => checkSetup({ ...needs, client, settings: live.settings }, origin));
    // A check of the former key may end after one of the new key.
    if (client === live.client) last = { report, at: clock.now(), client };
    return report;
  }
  return {
    async check(origin) {
      // Another node may have stored new keys just now.
      await live.refresh(true);
      const { client } = live;
      // A page that is opened again while the processor does not respond asks no second time.
      const begun = running.get(origin);
      if (begun?.client === client) return begun.report;
      const report = askAll(origin, client).finally(() => {
        if (running.get(origin)?.report === report) running.delete(origin);
      });
      running.set(origin, { client, report });
      return report;
    },
    async findLastReport() {
      await live.refresh(true);
      return last?.client === live.client ? { report: last.report, at: last.at } : null;
    },
  };
}
