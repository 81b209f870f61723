import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Money } from '#kernel/money';
import { type Charge, paymentsProblems, type Processors } from '#payments';
import type { App } from '#platform/http/app';
import { type FormProblem, problemToForm, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { humanizeMoney } from '#platform/templates/humanize-money';
import { findProfilesByIds, profileName } from '#profiles';
import { cardFormOf, findCardAccount, findCardFor, leadToBank } from '../card-form.ts';
import { billingProblems } from '../problems.ts';
import { type FinishView, viewFinish } from './load-finish.ts';
import { finishPage } from './page-types.ts';
import { payFinish } from './pay-finish.ts';
import { giveUpFinish, resumeFinish } from './resume-finish.ts';

type Refused = Partial<Pick<FormProblem, 'detail' | 'errors'>> & { form?: { card_name: string; use_card: string } };

/**
 * The page of the link in a mail that asks the payer to confirm a renewal. It works without scripts and without an
 * account. Programs that follow the links of mails change nothing: to open the address calls no processor.
 */
export function finishLinkPages(app: App, processors: Processors): void {
  // Other texts belong to the pages of a profile that is named `finish`.
  const url = '/billing/finish/:key(^[0-9a-f]{40}$)/';
  const options = {
    config: { access: { kind: 'public' }, page: true },
    schema: {
      hide: true,
      params: Type.Object({ key: Type.String({ pattern: '^[0-9a-f]{40}$' }) }),
      querystring: Type.Object({
        from: Type.Optional(Type.String({ maxLength: 20 })),
        left: Type.Optional(Type.String({ maxLength: 100 })),
      }),
    },
  } as const;
  app.get(url, options, async (request, reply) => {
    const { key } = request.params;
    hideAddress(reply);
    const { from, left } = request.query;
    if (from !== 'bank' || request.method !== 'GET') return show(request, reply, processors, key);
    const ctx = { ...request.ctx, processors };
    return runStep(request, reply, processors, key, () =>
      left === undefined ? resumeFinish(ctx, key) : giveUpFinish(ctx, key, { attempt_key: left }),
    );
  });
  app.post(url, options, async (request, reply) => {
    const { key } = request.params;
    hideAddress(reply);
    const ctx = { ...request.ctx, processors };
    const steps: Readonly<Record<string, () => Promise<Charge | null>>> = {
      give_up: () => giveUpFinish(ctx, key),
      resume: () => resumeFinish(ctx, key),
    };
    const action = textField(request.body, 'action', 20);
    const step = Object.hasOwn(steps, action) ? steps[action] : undefined;
    const pay = async () => payFinish(ctx, key, { token: readToken(request, processors), shown: readShown(request) });
    return runStep(request, reply, processors, key, step ?? pay);
  });
}

/** Keeps the address, which contains the key, from other pages and from search engines. */
function hideAddress(reply: FastifyReply): void {
  reply.header('referrer-policy', 'strict-origin');
  reply.header('x-robots-tag', 'noindex, nofollow');
}

/** Runs a step, then shows the link anew; leads to the bank, or shows the reason of a refusal. */
async function runStep(
  request: FastifyRequest,
  reply: FastifyReply,
  processors: Processors,
  key: string,
  step: () => Promise<Charge | null>,
): Promise<FastifyReply> {
  try {
    const charge = await step();
    if (charge?.state === 'done')
      reply.flash('success', `Thank you. ${humanizeMoney(charge, request.ctx.lang)} was paid.`);
  } catch (error) {
    const back_url = paths.finishLink(key);
    const led = leadToBank(reply, error, { back_url, finish_url: paths.returnToFinishLink(key), is_order: false });
    if (led !== null) return led;
    return showRefusal(request, reply, processors, key, problemToForm(error));
  }
  return reply.redirect(paths.finishLink(key), 303);
}

/** Reads the card to charge: null for the one on file. Without scripts, the page of the processor takes the card. */
function readToken({ ctx, body }: FastifyRequest, { chosen }: Processors): string | null {
  const isOnFile = textField(body, 'use_card', 20) === 'on_file' && textField(body, 'hosted', 1) !== '1';
  return isOnFile ? null : chosen.readCardForm(body, ctx.clock.now());
}

/** Reads the amount that the page showed; one that is missing equals no amount that is due. */
function readShown({ body }: FastifyRequest): Money {
  const amount = textField(body, 'amount', 20);
  return { amount: /^[1-9][0-9]{0,15}$/.test(amount) ? Number(amount) : 0, unit: textField(body, 'unit', 3) };
}

/** Refusals after which the page says all there is to say. */
const settled: readonly string[] = [
  billingProblems.finish_link_paid.code,
  billingProblems.finish_link_expired.code,
  billingProblems.payment_confirmed.code,
];

async function showRefusal(
  request: FastifyRequest,
  reply: FastifyReply,
  processors: Processors,
  key: string,
  { status, detail, errors, code }: FormProblem,
): Promise<FastifyReply> {
  if (settled.includes(code)) return show(request, reply, processors, key, {}, status);
  const { body } = request;
  const form = { card_name: textField(body, 'card_name', 100), use_card: textField(body, 'use_card', 20) };
  if (code !== paymentsProblems.card_declined.code)
    return show(request, reply, processors, key, { detail, errors, form }, status);
  // The reason stands at the form of the card that was entered there.
  const isEntered = request.method === 'POST' && form.use_card !== 'on_file';
  const refused = isEntered
    ? { detail: 'The payment did not go through', errors: { card_number: [detail] } }
    : { detail: `You were not charged. ${detail}`, errors: {} };
  return show(request, reply, processors, key, { ...refused, form }, status);
}

async function show(
  request: FastifyRequest,
  reply: FastifyReply,
  processors: Processors,
  key: string,
  refused: Refused = {},
  status = 200,
): Promise<FastifyReply> {
  const { ctx } = request;
  const view = await viewFinish(ctx, key);
  const { provider_id } = view.dunning_case;
  const seller = (await findProfilesByIds(ctx.db, [provider_id])).get(provider_id);
  return reply.page(
    finishPage,
    {
      seller_name: seller ? profileName(seller) : '',
      state: view.state,
      money: moneyOf(view),
      ...(await payWith(request, processors, view)),
      ...refused,
    },
    status,
  );
}

/** Returns the amount that a page is about: of the payment that waits or is done, otherwise what is due. */
function moneyOf({ state, due, attempt, charge, dunning_case }: FinishView): Money | null {
  const { unit } = dunning_case;
  if (state === 'due') return due ? { amount: due.amount, unit } : null;
  if (state === 'waiting' || state === 'pending') return attempt ? { amount: attempt.amount, unit } : null;
  return state === 'paid' && charge?.state === 'done' ? { amount: charge.amount, unit } : null;
}

/** Returns the card on file and the form of another card; neither unless something is due. */
async function payWith(request: FastifyRequest, processors: Processors, { state, due, payer }: FinishView) {
  if (state !== 'due' || !due) return { last4: null, test_cards: false, card_element: null, form_key: '' };
  const { unit, amount, invoicables } = due;
  const { db } = request.ctx;
  const card = await findCardFor(db, processors, payer.id, { unit, invoicables, at: request.ctx.clock.now() });
  const account = await findCardAccount(db, processors, { unit, invoicables });
  return { last4: card?.last4 ?? null, ...cardFormOf(request, processors, { amount, unit }, account) };
}
