import { findAttempt, findSavedCard, reservedAt } from '#payments';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { defineJob } from '#platform/jobs/jobs';
import { type DuePlace, findRenewalCharges } from './dunning-store.ts';

/** Names the job for `enqueue`, which needs no processors. The runner gets `chargeNewCardJob`. */
export const newCardJob = defineJob<{ profile_id: ProfileId }>({
  name: 'charge_new_card',
  catch_up: 'each',
  run: () => Promise.reject(new Error('charge_new_card runs with the processors of the site')),
});

/**
 * True if the place has a charge that was reserved after the newest card was put on file, or if there is no card. Both
 * instants are by the clock: a charge whose rows have an earlier instant counts too.
 */
export async function hasTriedCard(reader: Reader, place: DuePlace): Promise<boolean> {
  const card = await findSavedCard(reader, place.profile_id);
  const [newest] = await findRenewalCharges(reader, place, 1);
  const attempt = newest && (await findAttempt(reader, newest.charge_attempt_id));
  return !card || (attempt !== undefined && reservedAt(attempt) >= card.updated_at);
}
