import { randomKey40, sha256Hex } from '#platform/security/crypto';
import { commonProblems } from '#kernel/problem';
import { actorId } from '#platform/actor-id';
import type { Context } from '#platform/context';
import { inTransaction, type Reader } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { enqueue } from '#platform/jobs/jobs';
import { findProfileById, lockProfile, profileName } from '#profiles';
import { paymentsProblems } from '../problems.ts';
import { closeAccount } from './close-account.ts';
import { type PaymentContext, withProcessorTimeout } from '../processors/index.ts';
import {
  findLastPayoutAccount,
  findPayoutAccount,
  hasOpenPayout,
  insertPayoutAccount,
  type PayoutAccount,
  updatePayoutAccountEnd,
} from '../records/index.ts';

export type ConnectedAccount = Pick<PayoutAccount, 'processor' | 'account'>;

/**
 * Returns the account to which a profile is paid out; null if it has none. The broker's own account is connected by the
 * settings of the site.
 */
export async function findConnectedAccount(
  ctx: Pick<PaymentContext, 'db' | 'site' | 'processors'>,
  profile_id: ProfileId,
  reader: Reader = ctx.db,
): Promise<ConnectedAccount | null> {
  if (profile_id === ctx.site.broker_id) return { processor: ctx.processors.chosen.name, account: '' };
  const found = await findPayoutAccount(reader, profile_id);
  return found ? { processor: found.processor, account: found.account } : null;
}

/**
 * Connects a provider to an account at the chosen processor. No effect if it is connected, or if it is the broker.
 * The processor is called first: an account that a crash leaves there is used by the next request within a day.
 * @throws processor_unreachable (503)
 */
export async function connectBank(ctx: PaymentContext, profile_id: ProfileId): Promise<void> {
  if (await findConnectedAccount(ctx, profile_id)) return;
  const profile = await findProfileById(ctx.db, profile_id);
  if (!profile) throw commonProblems.not_found();
  const { chosen } = ctx.processors;
  const name = profileName(profile);
  const request = { key: accountKey(profile_id, await findLastPayoutAccount(ctx.db, profile_id), name), name };
  const account = await withProcessorTimeout(ctx, chosen.connectAccount(request));
  await inTransaction(ctx.db, (tx) =>
    insertPayoutAccount(tx, {
      profile_id,
      processor: chosen.name,
      account,
      connected_by: actorId(ctx),
      connected_at: ctx.clock.now(),
    }),
  );
}

/**
 * Returns the key of the account that a profile opens after its last one. Two requests at once, and one after a lost
 * response, open one account. The name is part of it, because a processor refuses a key with other parameters.
 */
function accountKey(profile_id: ProfileId, last: { id: number } | undefined, name: string): string {
  return sha256Hex(`account of ${profile_id} after ${last?.id ?? 0}: ${name}`).slice(0, 40);
}

/** Pages of Tollgate to which the processor leads back. */
interface OnboardingPages {
  return_url: string;
  refresh_url: string;
}

/**
 * Returns the address of the page at the processor that completes the account of a profile; null if there is nothing to
 * complete. A new one for each call: it is used once, within minutes, and is never stored.
 * @throws processor_unreachable (503)
 */
export async function makeOnboardingUrl(
  ctx: PaymentContext,
  profile_id: ProfileId,
  pages: OnboardingPages,
): Promise<string | null> {
  const found = await findConnectedAccount(ctx, profile_id);
  if (!found || found.account === '') return null;
  const request = { account: found.account, key: randomKey40(), ...pages };
  return withProcessorTimeout(ctx, ctx.processors.getByName(found.processor).onboard(request));
}

/**
 * Disconnects a provider from its account. Its funds stay in the books; a job ends the access at the processor.
 * No effect if it is not connected.
 * @throws payout_in_flight (409) while a payout is on its way
 */
export async function disconnectBank(ctx: Context, profile_id: ProfileId): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    // Serializes with reservePayout, so that no payout starts to an account that is being disconnected.
    await lockProfile(tx, profile_id);
    const found = await findPayoutAccount(tx, profile_id);
    if (!found) return;
    if (await hasOpenPayout(tx, profile_id)) {
      throw paymentsProblems.payout_in_flight({
        detail: 'A payout is on its way. Disconnect the account when it has arrived.',
      });
    }
    await updatePayoutAccountEnd(tx, found.id, ctx.clock.now());
    const { processor, account } = found;
    await enqueue(tx, closeAccount, { processor, account });
  });
}
