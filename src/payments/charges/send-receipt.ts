import type { Context } from '#platform/context';
import { paths } from '#platform/http/paths';
import { inTransaction } from '#platform/db/database';
import { findProfileById } from '#profiles';
import { actorId } from '#platform/actor-id';
import { type Charge, emitChargeUpdated } from '../records/index.ts';
import { paymentsProblems } from '../problems.ts';

/**
 * Emits charge_updated so that the receipt of a paid charge is mailed again. Returns the address.
 * @throws charge_unpaid, receipt_address_absent (409)
 */
export async function sendReceipt(ctx: Context, charge: Charge): Promise<string> {
  if (charge.state !== 'done') throw paymentsProblems.charge_unpaid();
  const profile = await findProfileById(ctx.db, charge.profile_id);
  if (!profile?.email) {
    throw paymentsProblems.receipt_address_absent(profile ? { location: paths.profile(profile.slug) } : {});
  }
  await inTransaction(ctx.db, (tx) =>
    emitChargeUpdated(tx, charge, 'receipt_requested', { at: ctx.clock.now(), by: actorId(ctx) }),
  );
  return profile.email;
}
