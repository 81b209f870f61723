import { countReminders, reminderSpan } from '#kernel/reminder';
import type { Context } from '#platform/context';
import type { PaymentLinkId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { walkRows } from '#platform/jobs/walk-rows';
import type { Processors } from '#payments';
import { findProfileById } from '#profiles';
import { paymentLinkUnpaid } from '../events.ts';
import { findMailedLinks, lockLinkById, type MailedLink, recordNotice } from '../records/index.ts';
import { loadLinkFacts, loadLinkLines, sumDue } from './load-link.ts';

/**
 * Reminds the payers of mailed payment links of what is still due, each once per day of `days` after the mail, in a
 * transaction of its own. A link that is mailed again begins anew. Leaves out what no card can pay. Safe to run twice
 * and on two nodes: the marks are rows of the transaction that emits.
 * @see docs/decisions/0120-reminders-of-what-is-left-due.md
 */
export async function remindOfLinks(
  ctx: Context & { processors: Processors },
  days: readonly number[],
  at: Date,
): Promise<void> {
  const span = reminderSpan(days, at);
  if (!span) return;
  await walkRows<PaymentLinkId, MailedLink>({
    findBatch: (after, limit) => findMailedLinks(ctx.db, span, { after, limit }),
    work: ({ id }) => remindOfLink(ctx, id, days, at),
    onError: ({ id }, error) => ctx.log.error({ err: error, payment_link_id: id }, 'payer of a link not reminded'),
  });
}

async function remindOfLink(
  ctx: Context & { processors: Processors },
  id: PaymentLinkId,
  days: readonly number[],
  at: Date,
): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const link = await lockLinkById(tx, id);
    const payer = link && (await findProfileById(tx, link.profile_id));
    if (!link?.sent_at || !payer?.is_active) return;
    const count = countReminders(link.sent_at, days, at);
    if (count === 0) return;
    const invoicables = await loadLinkLines(tx, link, payer, at);
    const { amount, unit } = sumDue(link, invoicables);
    if (amount === 0 || amount < ctx.processors.chosen.minimum(unit)) return;
    const occurrence = `${link.sent_at.toISOString()} ${count}`;
    if (!(await recordNotice(tx, { kind: 'payment_link_unpaid', subject_id: id, occurrence }, at))) return;
    const sent_at = link.sent_at.toISOString();
    const facts = await loadLinkFacts(tx, link, invoicables);
    await emit(tx, paymentLinkUnpaid({ ...facts, sent_at, originated_by: null }), at);
  });
}
