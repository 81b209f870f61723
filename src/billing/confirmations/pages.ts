import assert from 'node:assert/strict';
import type { Processors } from '#payments';
import { actorId } from '#platform/actor-id';
import type { App } from '#platform/http/app';
import { paths } from '#platform/http/paths';
import { findProfileById } from '#profiles';
import { bankPage } from '../bank-page.ts';
import { finishConfirmation } from './finish-confirmation.ts';

/** Page to which the bank sends the browser after a confirmation: it leads to the receipt, or back to the payment. */
export function confirmationPages(app: App, processors: Processors): void {
  app.get(
    paths.finishPayment(),
    { config: { access: { kind: 'authenticated' }, page: true }, schema: { hide: true } },
    async ({ ctx }, reply) => {
      const user_id = actorId(ctx);
      const found = user_id === null ? null : await finishConfirmation({ ...ctx, processors }, user_id);
      if (!found) return reply.redirect(paths.app(), 303);
      const payer = await findProfileById(ctx.db, found.payer_id);
      assert(payer, 'an attempt has a payer');
      const back_url = paths.checkout(payer.slug);
      switch (found.state) {
        case 'paid':
          return reply.redirect(paths.receipt(payer.slug, found.charge.processor_key), 303);
        case 'declined':
          return reply
            .flash('error', `The payment was not confirmed, and you were not charged. ${found.detail}`.trim())
            .redirect(back_url, 303);
        case 'waiting':
          return reply.page(bankPage, { bank_url: found.bank_url, back_url });
      }
    },
  );
}
