import type { FastifyRequest } from 'fastify';
import { textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import type { Reader } from '#platform/db/database';
import type { Processors } from '#payments';
import { isBrokerManager } from '#profiles';
import { collectLines, findPayLaterRefusers, type Invoicable } from '../records/index.ts';
import { getPayer } from '../payer.ts';
import { placeUnpaidOrder } from './place-unpaid-order.ts';

/**
 * True if the buyer may order without paying: all items of the cart have one provider, which allows it, and none is a
 * seat for a person without an account.
 */
export async function mayPayLater(reader: Reader, invoicables: readonly Invoicable[]): Promise<boolean> {
  const ordered = invoicables.filter(({ kind }) => kind === 'cart');
  const priced = ordered.flatMap(({ lines, options }) => [...lines, ...options]);
  const sellers = new Set(ordered.map(({ plan }) => plan.profile_id));
  const isOrdinary = ordered.every(({ seat }) => seat === undefined);
  if (!isOrdinary || sellers.size !== 1 || priced.every(({ amount }) => amount === 0)) return false;
  if (new Set(collectLines(ordered).map(({ unit }) => unit)).size > 1) return false;
  return (await findPayLaterRefusers(reader, [...sellers])).size === 0;
}

/** Orders the cart without paying; returns the page to show next: that of the link which pays the order. */
export async function orderToPayLater(request: FastifyRequest, processors: Processors): Promise<string> {
  const { ctx, body, subject } = request;
  const { payer, owner } = await getPayer(request);
  const { claim_code } = await placeUnpaidOrder(
    { ...ctx, processors },
    payer.id,
    owner,
    { choices: undefined, cart_version: textField(body, 'cart_version', 64) || null },
    { is_broker: isBrokerManager(subject), is_payer: true, is_allowed: true },
  );
  return claim_code === null ? paths.subscriptions(payer.slug) : paths.paymentLink(claim_code);
}
