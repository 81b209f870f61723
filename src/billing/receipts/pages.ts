import { Type } from 'typebox';
import { transactionFields, listHistory, mainAmount, statementBalance } from '#ledger';
import { sellersSeenBy } from '#platform/http/guards/access';
import type { App } from '#platform/http/app';
import { problemToForm, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { listQuerystring } from '#platform/http/schemas';
import { removeCard, saveCard, savedCard } from '#payments';
import { readCardForm } from '../cards/card-form.ts';
import { summaryOf } from '../cart/pages.ts';
import { viewCard } from '../checkout/pages.ts';
import { getProfileById } from '../get-profile.ts';
import { payingFor } from '../checkout/routes.ts';
import { viewHistory } from './view-history.ts';
import { commonProblems } from '#kernel/problem';

const params = Type.Object({ profile: Type.String() });

/** What happened on a profile's account, and the card that pays. */
export function historyPages(app: App): void {
  app.get(
    '/billing/:profile/history/',
    {
      config: { access: { kind: 'provider' }, page: true },
      schema: { hide: true, params, querystring: listQuerystring(transactionFields) },
    },
    async (request, reply) => {
      const { ctx, subject } = request;
      if (subject.profile_id === null) throw commonProblems.not_found();
      const profile = await getProfileById(ctx.db, subject.profile_id);
      const asked = request.list(profile.default_timezone);
      const newest = asked.order.length > 0 ? asked : { ...asked, order: [{ field: 'created_at', descending: true }] };
      const sellers = sellersSeenBy(subject);
      const page = await listHistory(ctx, profile.id, { list: newest, url: request.listUrl, sellers });
      const reading = { lang: ctx.lang, timezone: profile.default_timezone };
      const card = sellers === null ? await savedCard(ctx.db, profile.id) : null;
      const due = mainAmount((await statementBalance(ctx.db, profile.id, ctx.clock.now(), sellers)).totals);
      return reply.page('saas/billing/index.html', {
        profile: await summaryOf(request, profile),
        balance_amount: due.amount,
        balance_unit: due.unit,
        card: card ? viewCard(card) : null,
        transactions: { ...page, results: await viewHistory(ctx.db, page.results, reading) },
      });
    },
  );
  cardPage(app);
}

function cardPage(app: App): void {
  const url = '/billing/:profile/card/';
  const options = { config: { access: { kind: 'direct' }, page: true }, schema: { hide: true, params } } as const;
  app.get(url, options, async (request, reply) => {
    const { payer } = await payingFor(request);
    const card = await savedCard(request.ctx.db, payer.id);
    return reply.page('saas/billing/card.html', {
      profile: await summaryOf(request, payer),
      card: card ? viewCard(card) : null,
      test_cards: true,
    });
  });
  app.post(url, options, async (request, reply) => {
    const { ctx, body } = request;
    const { payer } = await payingFor(request);
    try {
      if (textField(body, 'action', 20) === 'delete') {
        await removeCard(ctx, payer.id);
        reply.flash('success', 'The card was removed.');
      } else {
        await saveCard(ctx, payer.id, readCardForm(body, ctx.clock.now()));
        reply.flash('success', 'The card was saved.');
      }
      return await reply.redirect(paths.card(payer.slug), 303);
    } catch (error) {
      const problem = problemToForm(error);
      const card = await savedCard(ctx.db, payer.id);
      const data = { profile: await summaryOf(request, payer), card: card ? viewCard(card) : null, test_cards: true };
      return reply.page(
        'saas/billing/card.html',
        { ...data, ...problem, form: { card_name: textField(body, 'card_name', 100) } },
        problem.status,
      );
    }
  });
}
