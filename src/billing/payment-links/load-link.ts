import type { Money } from '#kernel/money';
import { type Entry, findEntries, fromSubjectColumns, isSameSubject } from '#ledger';
import type { Context } from '#platform/context';
import type { Reader } from '#platform/db/database';
import { findCoveringCharges } from '#payments';
import { findProfileById, type Profile } from '#profiles';
import { isClaimCode } from '../claims/index.ts';
import { findEntryTexts } from '../orders/index.ts';
import { loadBalances } from '../quotes/index.ts';
import {
  collectLines,
  findEntriesOfOrder,
  findPaymentLink,
  type Invoicable,
  type Line,
  type PaymentLink,
  sumLines,
} from '../records/index.ts';
import { billingProblems } from '../problems.ts';

/** A payment link with what is still due on its order. */
export interface LinkView {
  link: PaymentLink;
  payer: Profile;
  /** Lines to pay; empty when nothing is due. */
  invoicables: Invoicable[];
  due: Money;
}

/**
 * Finds the link of a code with its payer.
 * @throws payment_link_unknown (404)
 */
export async function getLink(reader: Reader, code: string): Promise<{ link: PaymentLink; payer: Profile }> {
  const link = isClaimCode(code) ? await findPaymentLink(reader, code) : undefined;
  const payer = link && (await findProfileById(reader, link.profile_id));
  if (!link || !payer) throw billingProblems.payment_link_unknown();
  return { link, payer };
}

/**
 * Finds the link of a code that can be paid: the provider only can still close that of an archived payer.
 * @throws payment_link_unknown (404)
 */
export async function getPayableLink(reader: Reader, code: string): Promise<{ link: PaymentLink; payer: Profile }> {
  const found = await getLink(reader, code);
  if (!found.payer.is_active) throw billingProblems.payment_link_unknown();
  return found;
}

/** Loads a link with what is due on its order. @throws payment_link_unknown (404) */
export async function viewLink(ctx: Context, code: string): Promise<LinkView> {
  const { link, payer } = await getPayableLink(ctx.db, code);
  const invoicables = await loadLinkLines(ctx.db, link, payer, ctx.clock.now());
  return { link, payer, invoicables, due: sumDue(link, invoicables) };
}

/** Lines of an order that a message shows at most. */
const MAIL_LINES = 20;

/** Loads what messages with a link say about what is due. The texts of lines are those for the reader. */
export async function loadLinkFacts(
  reader: Reader,
  link: PaymentLink,
  invoicables: readonly Invoicable[],
): Promise<Pick<PaymentLink, 'profile_id' | 'provider_id' | 'claim_code'> & Money & { lines: string[] }> {
  const { profile_id, provider_id, claim_code } = link;
  const shown = collectLines(invoicables).slice(0, MAIL_LINES);
  const ids = shown.flatMap(({ entry_id }) => entry_id ?? []);
  const texts = await findEntryTexts(reader, ids, {});
  const lines = shown.map(({ entry_id, description }) => (entry_id && texts.get(entry_id)) || description);
  return { profile_id, provider_id, claim_code, ...sumDue(link, invoicables), lines };
}

/** Returns the amount due on the order of a link. */
export function sumDue({ unit }: Pick<PaymentLink, 'unit'>, invoicables: readonly Invoicable[]): Money {
  return sumLines(collectLines(invoicables), unit) ?? { amount: 0, unit };
}

/**
 * Loads the lines that pay what is due on the order of a link: its unpaid lines, or the rest of a line that was paid in
 * part. Empty if the order is paid, collected or written off.
 */
export async function loadLinkLines(
  reader: Reader,
  link: PaymentLink,
  payer: Profile,
  at: Date,
): Promise<Invoicable[]> {
  if (link.is_closed) return [];
  const ids = await findEntriesOfOrder(reader, link.order_id);
  const covering = await findCoveringCharges(reader, ids);
  const entries = [...(await findEntries(reader, ids)).values()];
  const open = entries.filter(({ id }) => (covering.get(id)?.state ?? 'created') === 'created');
  if (open.length === 0) return [];
  return selectLinkLines(await loadBalances(reader, payer, at), open);
}

/** Selects the parts of balances that pay the entries of one order. Pure. */
export function selectLinkLines(balances: readonly Invoicable[], open: readonly Entry[]): Invoicable[] {
  const ids = new Set<number>(open.map(({ id }) => id));
  const rest = (line: Line): Line[] => {
    if (line.entry_id !== null) return ids.has(line.entry_id) ? [line] : [];
    const ordered = open
      .filter((entry) => {
        const subject = fromSubjectColumns(entry);
        return subject !== null && line.subject !== null && isSameSubject(subject, line.subject);
      })
      .reduce((sum, { dest_amount }) => sum + dest_amount, 0);
    return ordered === 0 ? [] : [{ ...line, amount: Math.min(line.amount, ordered) }];
  };
  return balances.flatMap((balance) => {
    const lines = balance.lines.flatMap(rest);
    return lines.length === 0 ? [] : [{ ...balance, lines, shown: [] }];
  });
}
