import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '#kernel/problem';
import type { Money } from '#kernel/money';
import { textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { randomKey40 } from '#platform/security/crypto';
import type { Reader } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { findChargePlace, findUsableCard, type Processors, paymentsProblems } from '#payments';
import { buildOrderLines, type Invoicable, payableLines } from './records/index.ts';
import { bankPage } from './bank-page.ts';

/** Currency in which a card is checked that is kept and not charged. */
const DEFAULT_UNIT = 'usd';

/**
 * Returns the members of a page with a card form (`cardFormParts`), and lets the page load the script of the processor.
 * Without `money` the card is kept and not charged. `account` is that of the charge (`findChargePlace`): a card that is
 * entered for one account cannot be charged on another.
 */
export function cardFormOf(request: FastifyRequest, { chosen }: Processors, money: Money | null, account = '') {
  const { form_fields, csp_origins } = chosen.pageParts();
  const wanted = money !== null && money.amount > 0 ? { money } : { unit: money?.unit ?? DEFAULT_UNIT };
  const card_element = chosen.cardElement({ account, ...wanted });
  if (card_element !== null) request.pageOrigins = csp_origins;
  return { test_cards: form_fields.length > 0, card_element, form_key: randomKey40() };
}

/** Reads the key of a form with a card: the same when the form is sent again. Null from a template without it. */
export function readFormKey({ body }: FastifyRequest): string | null {
  return textField(body, 'form_key', 40) || null;
}

/** Lines that a page or a response offers to pay. */
interface OfferedLines {
  unit: string;
  invoicables: readonly Invoicable[];
}

/**
 * Finds the account on which a card that is entered for lines is used. An order that begins a trial keeps the card
 * first, on the account of the broker.
 */
export async function findCardAccount(
  reader: Reader,
  { chosen }: Pick<Processors, 'chosen'>,
  { unit, invoicables }: OfferedLines,
): Promise<string> {
  if (!chosen.direct_charges) return '';
  const lines = buildOrderLines(unit, invoicables);
  if (lines.some(({ kind }) => kind === 'trial')) return '';
  return (await findChargePlace(reader, chosen, payableLines(lines), unit)).account;
}

/** Finds the card on file that can pay lines; undefined without one. */
export async function findCardFor(
  reader: Reader,
  processors: Processors,
  profile_id: ProfileId,
  { unit, invoicables, at }: OfferedLines & { at: Date },
) {
  const lines = payableLines(buildOrderLines(unit, invoicables));
  return findUsableCard(reader, { processors, profile_id, lines, unit, at });
}

/** Pages around a confirmation: where it began, and what finishes a payment (null for a card to keep). */
interface BankPlaces {
  back_url: string;
  finish_url?: string | null;
  /** False if the payment only settles what is due. */
  is_order?: boolean;
}

/**
 * Returns the data of the page that leads to the bank, if an error asks the payer to confirm; null for any other error.
 * Some payments are confirmed in an app or at a till: their processor names no page.
 */
export function bankPageOf(
  error: unknown,
  { back_url, finish_url = paths.finishPayment(), is_order = true }: BankPlaces,
) {
  if (!(error instanceof Problem) || error.code !== paymentsProblems.action_required.code) return null;
  const { redirect_url: url, is_hosted } = error.extra.members ?? {};
  return {
    bank_url: typeof url === 'string' ? url : null,
    back_url,
    finish_url,
    is_hosted: is_hosted === true,
    is_order,
  };
}

/**
 * Leads the browser to the page of the processor on which the card is entered, or shows the page that leads to the
 * bank, if an error asks the payer to act; null for any other error. The page of the form allows the first address in
 * its `form-action`, else the browser would not follow.
 */
export function leadToBank(
  reply: FastifyReply,
  error: unknown,
  places: BankPlaces,
): FastifyReply | Promise<FastifyReply> | null {
  const bank = bankPageOf(error, places);
  if (bank === null) return null;
  if (bank.is_hosted && bank.bank_url !== null) return reply.redirect(bank.bank_url, 303);
  return reply.page(bankPage, bank, 402);
}
