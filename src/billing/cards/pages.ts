import { Type } from 'typebox';
import type { App } from '#platform/http/app';
import { problemToForm, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import type { Reader } from '#platform/db/database';
import type { Profile } from '#profiles';
import { type Processors, removeCard, saveCard, findSavedCard } from '#payments';
import { getPayer, loadPayerSummary } from '../payer.ts';
import { cardPage } from './page-types.ts';
import { presentSavedCard } from './present-saved-card.ts';

const params = Type.Object({ profile: Type.String() });

/** Page of the card on file. */
export function cardPages(app: App, processors: Processors): void {
  const { form_fields } = processors.chosen.pageParts();
  const url = '/billing/:profile/card/';
  const options = { config: { access: { kind: 'direct' }, page: true }, schema: { hide: true, params } } as const;
  const load = async (reader: Reader, payer: Profile) => {
    const card = await findSavedCard(reader, payer.id);
    return {
      profile: await loadPayerSummary(reader, payer),
      card: card ? presentSavedCard(card) : null,
      test_cards: form_fields.length > 0,
    };
  };
  app.get(url, options, async (request, reply) => {
    const { payer } = await getPayer(request);
    return reply.page(cardPage, await load(request.ctx.db, payer));
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
      const { status, ...problem } = problemToForm(error);
      const form = { card_name: textField(body, 'card_name', 100) };
      return reply.page(cardPage, { ...(await load(ctx.db, payer)), ...problem, form }, status);
    }
  });
}
