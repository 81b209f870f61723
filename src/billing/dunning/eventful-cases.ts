import type { DunningCaseId, ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { findDisputingPlaces } from '#payments';
import { findProfilesByIds } from '#profiles';
import { isFrozen } from '#subscriptions';
import { findPlaceBalances, type PlaceBalance } from './case-balances.ts';
import { accessEnd, decideStep, type DunningCase } from './dunning-case.ts';
import { isSamePlace } from './dunning-store.ts';
import { isChargeable } from './load-dues.ts';

/** What a review of a case looks at, read without a lock. */
export interface CaseOutlook {
  is_active: boolean;
  /** What is due at the place; undefined if nothing is. May include orders that wait for a payment link. */
  balance: PlaceBalance | undefined;
  is_disputed: boolean;
}

/**
 * Returns which of open cases a review may change at an instant. The others wait, most of them for days, and a review
 * locks and loads each of them. Statements: seven, however many cases.
 */
export async function findEventfulCases(
  reader: Reader,
  cases: readonly DunningCase[],
  at: Date,
): Promise<Set<DunningCaseId>> {
  if (cases.length === 0) return new Set();
  const payer_ids: ProfileId[] = [...new Set(cases.map(({ profile_id }) => profile_id))];
  const payers = await findProfilesByIds(reader, payer_ids);
  const balances = await findPlaceBalances(reader, payer_ids);
  const disputing = await findDisputingPlaces(reader, payer_ids);
  const eventful = cases.filter((open) =>
    isEventful(
      open,
      {
        is_active: payers.get(open.profile_id)?.is_active === true,
        balance: balances.find((each) => isSamePlace(each, open)),
        is_disputed: disputing.some(
          ({ profile_id, provider_id }) => profile_id === open.profile_id && provider_id === open.provider_id,
        ),
      },
      at,
    ),
  );
  return new Set(eventful.map(({ id }) => id));
}

/**
 * True unless a review would leave an open case and its subscriptions as they are. A balance that consists of orders
 * with a payment link counts as due here and not in a review, so that the first hour of each day reviews every case.
 * Pure.
 */
export function isEventful(open: DunningCase, { is_active, balance, is_disputed }: CaseOutlook, at: Date): boolean {
  if (at.getUTCHours() === 0 || !is_active || !balance || !isChargeable(balance)) return true;
  if (is_disputed !== (open.frozen_at !== null) || decideStep(open, at) !== 'none') return true;
  if (open.frozen_at !== null) return false;
  const ends_at = accessEnd(open);
  const is_ended = ends_at !== null && ends_at <= at;
  return balance.subscriptions.some(
    ({ subscription }) => !isFrozen(subscription) && (is_ended || subscription.trial_ends_at !== null),
  );
}
