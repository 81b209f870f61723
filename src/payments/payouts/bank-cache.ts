import { LRUCache } from 'lru-cache';
import type { Clock } from '#platform/clock';
import type { Account, PayoutAccount, Processor } from '../processors/index.ts';

/** How long a response of the processor is shown. */
const FRESH_MS = 60_000;

/** Accounts whose response is kept; the one read longest ago is removed above it. */
const KEPT_MAX = 10_000;

/** Reads the account to which a provider is paid out at its processor. */
export type ReadBank = (
  processor: Pick<Processor, 'name' | 'payoutAccount'>,
  account: Account,
) => Promise<PayoutAccount | null>;

/** Asks the processor in each call. */
export const readBankNow: ReadBank = (processor, account) => processor.payoutAccount(account);

interface Kept {
  asked_at: Date;
  asked_ms: number;
  answer: Promise<PayoutAccount | null>;
}

/**
 * Makes a reader that asks the processor once in 60 s for each account; concurrent readers share the call. Only a found
 * account is kept: a failure, and an account without access, are asked for again.
 *
 * Each process has its own. That is enough, because a kept response is only shown: a withdrawal asks the processor
 * itself, and who is connected and what the books promise is read from the database each time. 60 s have passed when
 * either clock says so, because that of the site can stand still.
 */
export function makeBankCache(clock: Clock, now_ms: () => number = () => performance.now()): ReadBank {
  const kept = new LRUCache<string, Kept>({ max: KEPT_MAX });
  const isFresh = ({ asked_at, asked_ms }: Kept): boolean => {
    const age_ms = clock.now().getTime() - asked_at.getTime();
    return age_ms >= 0 && age_ms < FRESH_MS && now_ms() - asked_ms < FRESH_MS;
  };
  return (processor, account) => {
    const key = `${processor.name} ${account}`;
    const known = kept.get(key);
    if (known && isFresh(known)) return known.answer;
    const answer = processor.payoutAccount(account);
    const entry = { asked_at: clock.now(), asked_ms: now_ms(), answer };
    const forget = () => {
      if (kept.get(key) === entry) kept.delete(key);
    };
    kept.set(key, entry);
    answer.then((bank) => {
      if (bank === null) forget();
    }, forget);
    return answer;
  };
}
