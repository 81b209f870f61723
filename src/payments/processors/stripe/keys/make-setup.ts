import type { Clock } from '#platform/clock';
import { type Db, inTransaction } from '#platform/db/database';
import { shownKey } from '#platform/stripe-keys';
import type { ProcessorSetup, SetupReport } from '../../setup.ts';
import type { StripeSettings } from '../stripe-client.ts';
import type { StripeNeeds } from '../stripe-needs.ts';
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
}

/** Makes the questions about the key of the site, and what replaces it. */
export function makeSetup(
  needs: StripeNeeds,
  live: LiveClient,
  { db, clock, settings, app_version }: Needs,
): ProcessorSetup {
  let last: ReturnType<ProcessorSetup['lastReport']> = null;
  const running = new Map<string, Promise<SetupReport>>();
  async function check(origin: string): Promise<SetupReport> {
    const report = await live.run(() => checkSetup(needs, origin));
    last = { report, at: clock.now() };
    return report;
  }
  return {
    check(origin) {
      // A page that is opened again while the processor does not respond asks no second time.
      const begun = running.get(origin) ?? check(origin).finally(() => running.delete(origin));
      running.set(origin, begun);
      return begun;
    },
    lastReport: () => last,
    createEndpoints: (origin) => live.run(() => createEndpoints(needs, origin)),
    isRefused: live.isRefused,
    async compareAccounts(secret_key) {
      await live.refresh();
      const account = await findAccountOf({ ...live.settings, secret_key }, app_version);
      return { account, used: await findUsedAccount(db, live.settings, app_version) };
    },
    findInvalidKeys: (keys) => findInvalidKeys(keys, settings.secret_key),
    async storeKeys({ secret_key, publishable_key }, account) {
      await inTransaction(db, async (tx) => {
        const at = clock.now();
        const former = (await findStoredKeys(tx, settings.secret_key)) ?? settings;
        const next = { secret_key, publishable_key: publishable_key ?? former.publishable_key };
        await storeAccount(tx, account, at);
        await storeKeys(tx, next, settings.secret_key, at);
      });
      // The next check of this process is one of the new key.
      last = null;
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
