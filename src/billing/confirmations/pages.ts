import assert from 'node:assert/strict';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { INTENT_DIFFERS, type Processors } from '#payments';
import { actorId } from '#platform/actor-id';
import type { App } from '#platform/http/app';
import { paths } from '#platform/http/paths';
import { findProfileById } from '#profiles';
import { bankPage } from '../bank-page.ts';
import { type Abandons, finishConfirmation } from './finish-confirmation.ts';

/** Page to which the bank sends the browser after a confirmation: it leads to the receipt, or back to the payment. */
export function confirmationPages(app: App, processors: Processors): void {
  const options = { config: { access: { kind: 'authenticated' }, page: true }, schema: { hide: true } } as const;
  // `left`: the payer left the page of the processor without paying. The key of the payment is no one else's.
  const left = Type.Object({ left: Type.Optional(Type.String()) });
  const get_options = { ...options, schema: { hide: true, querystring: left } } as const;
  app.get(paths.finishPayment(), get_options, async (request, reply) =>
    show(request, reply, processors, request.query.left === undefined ? false : { key: request.query.left }),
  );
  // The payer wants to use another card.
  app.post(paths.finishPayment(), options, async (request, reply) => show(request, reply, processors, true));
}

async function show(
  { ctx }: FastifyRequest,
  reply: FastifyReply,
  processors: Processors,
  abandons: Abandons,
): Promise<FastifyReply> {
  const user_id = actorId(ctx);
  const found = user_id === null ? null : await finishConfirmation({ ...ctx, processors }, user_id, { abandons });
  if (!found) return reply.redirect(paths.app(), 303);
  const payer = await findProfileById(ctx.db, found.payer_id);
  assert(payer, 'an attempt has a payer');
  const back_url = paths.checkout(payer.slug);
  switch (found.state) {
    case 'paid':
      return reply.redirect(paths.receipt(payer.slug, found.charge.processor_key), 303);
    case 'declined':
      if (abandons === false) reply.flash('error', describeDecline(found));
      return reply.redirect(back_url, 303);
    case 'pending':
      reply.flash('info', 'The payment is being processed. You need not pay again.');
      return reply.redirect(paths.subscriptions(payer.slug), 303);
    case 'waiting':
      return reply.page(bankPage, { ...found.page, back_url, finish_url: paths.finishPayment(), is_order: true });
  }
}

function describeDecline({ code, detail }: { code: string; detail: string }): string {
  if (code === INTENT_DIFFERS)
    return 'The payment was of another amount than the order. What was charged goes back to the card within days.';
  return `You were not charged: ${detail || 'the payment was not confirmed.'}`;
}
