import type { FastifyRequest } from 'fastify';
import { Problem } from '#kernel/problem';
import type { Money } from '#kernel/money';
import { paths } from '#platform/http/paths';
import { type Processors, paymentsProblems } from '#payments';

/** Currency in which a card is checked that is kept and not charged. */
const DEFAULT_UNIT = 'usd';

/**
 * Returns the members of a page with a card form (`cardFormParts`), and lets the page load the script of the processor.
 * Without `money` the card is kept and not charged.
 */
export function cardFormOf(request: FastifyRequest, { chosen }: Processors, money: Money | null) {
  const { form_fields, csp_origins } = chosen.pageParts();
  const wanted = money !== null && money.amount > 0 ? { money } : { unit: money?.unit ?? DEFAULT_UNIT };
  const card_element = chosen.cardElement(wanted);
  if (card_element !== null) request.pageOrigins = csp_origins;
  return { test_cards: form_fields.length > 0, card_element };
}

/** Pages around a confirmation: where it began, and what finishes a payment (null for a card to keep). */
interface BankPlaces {
  back_url: string;
  finish_url?: string | null;
}

/**
 * Returns the data of the page that leads to the bank, if an error asks the payer to confirm; null for any other error.
 * Some payments are confirmed in an app or at a till: their processor names no page.
 */
export function bankPageOf(error: unknown, { back_url, finish_url = paths.finishPayment() }: BankPlaces) {
  if (!(error instanceof Problem) || error.code !== paymentsProblems.action_required.code) return null;
  const url = error.extra.members?.['redirect_url'];
  return { bank_url: typeof url === 'string' ? url : null, back_url, finish_url };
}
