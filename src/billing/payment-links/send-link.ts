import { actorId } from '#platform/actor-id';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { findProfileById } from '#profiles';
import { paymentLinkSent } from '../events.ts';
import { lockPaymentLink, updateLinkSent } from '../records/index.ts';
import { billingProblems } from '../problems.ts';
import { loadLinkFacts, loadLinkLines } from './load-link.ts';

/** Minimum time between two messages with one link. */
export const RESEND_AFTER_MS = 3_600_000;

/**
 * Mails the link of an unpaid order to its payer (`payment_link_sent`), at most once an hour.
 * @throws payment_link_unknown (404), payment_link_closed (409), payment_link_mailed (429)
 */
export async function sendLink(ctx: Context, provider_id: ProfileId, id: number): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const at = ctx.clock.now();
    const link = await lockPaymentLink(tx, provider_id, id);
    const payer = link && (await findProfileById(tx, link.profile_id));
    if (!link || !payer) throw billingProblems.payment_link_unknown();
    const waits_ms = link.sent_at === null ? 0 : link.sent_at.getTime() + RESEND_AFTER_MS - at.getTime();
    if (waits_ms > 0) throw billingProblems.payment_link_mailed({ retry_after_s: Math.ceil(waits_ms / 1000) });
    const invoicables = await loadLinkLines(tx, link, payer, at);
    if (invoicables.length === 0) throw billingProblems.payment_link_closed();
    await updateLinkSent(tx, link.id, at);
    const facts = await loadLinkFacts(tx, link, invoicables);
    await emit(tx, paymentLinkSent({ ...facts, originated_by: actorId(ctx) }), at);
  });
}
