import assert from 'node:assert/strict';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Processors } from '#payments';
import { actorId } from '#platform/actor-id';
import type { App } from '#platform/http/app';
import { paths } from '#platform/http/paths';
import { findProfileById } from '#profiles';
import { bankPage } from '../bank-page.ts';
import { finishConfirmation } from './finish-confirmation.ts';

/** Page to which the bank sends the browser after a confirmation: it leads to the receipt, or back to the payment. */
export function confirmationPages(app: App, processors: Processors): void {
  const options = { config: { access: { kind: 'authenticated' }, page: true }, schema: { hide: true } } as const;
  app.get(paths.finishPayment(), options, async (request, reply) => show(request, reply, processors, false));
  // The payer wants to use another card.
  app.post(paths.finishPayment(), options, async (request, reply) => show(request, reply, processors, true));
}

async function show(
  { ctx }: FastifyRequest,
  reply: FastifyReply,
  processors: Processors,
  abandons: boolean,
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
      if (!abandons) reply.flash('error', `You were not charged: ${found.detail || 'the payment was not confirmed.'}`);
      return reply.redirect(back_url, 303);
    case 'pending':
      reply.flash('info', 'The payment is being processed. You need not pay again.');
      return reply.redirect(paths.subscriptions(payer.slug), 303);
    case 'waiting':
      return reply.page(bankPage, { bank_url: found.bank_url, back_url, finish_url: paths.finishPayment() });
  }
}
