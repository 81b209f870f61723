import { Type } from 'typebox';
import type { App } from '#platform/http/app';
import { problemToForm, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { type Processors, removeCard, saveCard, savedCard } from '#payments';
import { getPayer, loadPayerSummary } from '../payer.ts';
import { presentSavedCard } from './present-saved-card.ts';

const params = Type.Object({ profile: Type.String() });

/** Page of the card on file. */
export function cardPages(app: App, processors: Processors): void {
  const { form_fields } = processors.chosen.pageParts();
  const url = '/billing/:profile/card/';
  const options = { config: { access: { kind: 'direct' }, page: true }, schema: { hide: true, params } } as const;
  app.get(url, options, async (request, reply) => {
    const { payer } = await getPayer(request);
    const card = await savedCard(request.ctx.db, payer.id);
    return reply.page('saas/billing/card.html', {
      profile: await loadPayerSummary(request.ctx.db, payer),
      card: card ? presentSavedCard(card) : null,
      test_cards: form_fields.length > 0,
    });
  });
  app.post(url, options, async (request, reply) => {
    const { ctx, body } = request;
    const { payer } = await getPayer(request);
    try {
      if (textField(body, 'action', 20) === 'delete') {
        await removeCard(ctx, payer.id);
        reply.flash('success', 'The card was removed.');
      } else {
        const token = processors.chosen.readCardForm(body, ctx.clock.now());
        await saveCard({ ...ctx, processors }, payer.id, token);
        reply.flash('success', 'The card was saved.');
      }
      return await reply.redirect(paths.card(payer.slug), 303);
    } catch (error) {
      const problem = problemToForm(error);
      const card = await savedCard(ctx.db, payer.id);
      const data = {
        profile: await loadPayerSummary(request.ctx.db, payer),
        card: card ? presentSavedCard(card) : null,
        test_cards: form_fields.length > 0,
      };
      return reply.page(
        'saas/billing/card.html',
        { ...data, ...problem, form: { card_name: textField(body, 'card_name', 100) } },
        problem.status,
      );
    }
  });
}
