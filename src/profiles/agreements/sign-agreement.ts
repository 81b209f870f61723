import type { Context } from '#platform/context';
import type { UserId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { agreementSigned } from '../events.ts';
import { profileProblems } from '../problems.ts';
import { upsertSignature } from './agreement-store.ts';
import { getAgreement } from './publish-agreement.ts';

/**
 * Records the signature of a user with the version, the address and the browser. A repeated signature replaces the
 * date.
 *
 * @throws agreement_unknown (404) · agreement_declined (400)
 */
export async function signAgreement(ctx: Context, user_id: UserId, slug: string, read_terms: boolean): Promise<Date> {
  return inTransaction(ctx.db, async (tx) => {
    const agreement = await getAgreement(tx, slug);
    if (!read_terms) throw profileProblems.agreement_declined();
    const at = ctx.clock.now();
    const { ip = null, user_agent = null } = ctx.peer ?? {};
    await upsertSignature(tx, { agreement, user_id, ip, user_agent }, at);
    await emit(tx, agreementSigned({ user_id, agreement: slug, signed_at: at.toISOString() }), at);
    return at;
  });
}
