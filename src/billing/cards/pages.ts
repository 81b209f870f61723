import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { App } from '#platform/http/app';
import { problemToForm, textField } from '#platform/http/forms';
import { targetOf } from '#platform/http/next';
import { paths } from '#platform/http/paths';
import { type Confirmation, confirmPage } from '#platform/pages/forms/confirm-page';
import type { Profile } from '#profiles';
import type { ProfileId } from '#platform/db/db-schema';
import { type PaymentContext, type Processors, removeCard, saveCard, findSavedCard } from '#payments';
import { findOpenCases } from '../dunning/index.ts';
import { cardFormOf, leadToBank, readFormKey } from '../card-form.ts';
import { getPayer, loadPayerSummary } from '../payer.ts';
import { cardPage } from './page-types.ts';
import { presentSavedCard } from './present-saved-card.ts';
import { mayAllowCharges, setProviderCharges } from './provider-charges.ts';

const url = '/billing/:profile/card/';
const params = Type.Object({ profile: Type.String() });
const changing_options = {
  config: { access: { kind: 'direct', manages: true }, page: true },
  schema: { hide: true, params },
} as const;

/** Page of the card on file. A card that was saved leads back to the same-site `next` of the address. */
export function cardPages(app: App, processors: Processors): void {
  addRemovePage(app);
  const options = { config: { access: { kind: 'direct' }, page: true }, schema: { hide: true, params } } as const;
  const load = async (request: FastifyRequest, payer: Profile, may_edit = request.subject.is_manager) => {
    const { ctx, subject, query } = request;
    const card = await findSavedCard(ctx.db, payer.id);
    const may_consent = may_edit && (await mayAllowCharges(ctx, subject));
    return {
      profile: await loadPayerSummary(ctx.db, payer),
      card: card ? presentSavedCard(card) : null,
      may_edit,
      consent: may_consent ? { is_given: payer.allow_provider_charges } : null,
      ...cardFormOf(request, processors, null),
      back_url: targetOf({ query }, '') || null,
    };
  };
  app.get(url, options, async (request, reply) => {
    const { ctx } = request;
    const { payer } = await getPayer(request);
    const token = processors.chosen.readReturn(request.query as object); // a parsed query
    if (token === null || !request.subject.is_manager) return reply.page(cardPage, await load(request, payer));
    // The bank sent the browser here: the card that it confirmed is put on file, if it is one of this payer.
    try {
      reply.flash('success', await keepCard({ ...ctx, processors }, payer.id, token, null));
    } catch (error) {
      const led = leadToBank(reply, error, { back_url: paths.card(payer.slug), finish_url: null });
      if (led !== null) return led;
      reply.flash('error', problemToForm(error).detail);
    }
    return reply.redirect(paths.card(payer.slug), 303);
  });
  app.post(`${url}provider-charges/`, changing_options, async (request, reply) => {
    const { payer } = await getPayer(request);
    const is_allowed = textField(request.body, 'allow_provider_charges', 1) === '1';
    await setProviderCharges(request.ctx, request.subject, is_allowed);
    const text = is_allowed ? 'Providers may charge this card for changes.' : 'Providers may not charge this card.';
    return reply.flash('success', text).redirect(paths.card(payer.slug), 303);
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
        const key = readFormKey(request);
        reply.flash('success', await keepCard({ ...ctx, processors }, payer.id, token, key));
      }
      return await reply.redirect(targetOf(request, paths.card(payer.slug)), 303);
    } catch (error) {
      const led = leadToBank(reply, error, { back_url: paths.card(payer.slug), finish_url: null });
      if (led !== null) return led;
      const { status, ...problem } = problemToForm(error);
      const form = { card_name: textField(body, 'card_name', 100) };
      return reply.page(cardPage, { ...(await load(request, payer, true)), ...problem, form }, status);
    }
  });
}

/** Puts a card on file; returns the sentence for its owner. */
async function keepCard(ctx: PaymentContext, payer_id: ProfileId, token: string, key: string | null): Promise<string> {
  await saveCard(ctx, payer_id, token, key);
  const owes = (await findOpenCases(ctx.db, [payer_id])).some(({ frozen_at }) => frozen_at === null);
  // The job that a saved card begins charges it.
  return `The card was saved.${owes ? ' It is charged with what is due in a moment.' : ''}`;
}

/** Page that asks before the card is removed. */
function addRemovePage(app: App): void {
  app.get(`${url}remove/`, changing_options, async (request, reply) => {
    const { payer } = await getPayer(request);
    const card = await findSavedCard(request.ctx.db, payer.id);
    if (!card) return reply.redirect(paths.card(payer.slug), 302);
    const confirm = confirmCardRemoval(payer.slug, presentSavedCard(card));
    return reply.page(confirmPage, { confirm, form: {}, errors: {}, detail: '' });
  });
  app.post(`${url}remove/`, changing_options, async (request, reply) => {
    const { payer } = await getPayer(request);
    await removeCard(request.ctx, payer.id);
    return reply.flash('success', 'The card was removed.').redirect(paths.card(payer.slug), 303);
  });
}

function confirmCardRemoval(slug: string, { last4, exp_date }: { last4: string; exp_date: string }): Confirmation {
  return {
    title: 'Remove the card',
    subject: `Card ending in ${last4}, expires ${exp_date}`,
    effect: [
      { label: 'Orders and renewals', value: 'need another card' },
      { label: 'Current subscriptions', note: 'until they end', value: 'unchanged' },
    ],
    undo: 'This cannot be undone, but you can enter the card again.',
    keep_label: 'Keep the card',
    keep_url: paths.card(slug),
    action_label: 'Remove the card',
    hidden: [],
    typed_name: null,
  };
}
