import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { invalidInput, Problem } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { checkedField, type FormProblem, problemToForm, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { humanizeDate } from '#platform/templates/humanize-date';
import { findChargePlace, paymentsProblems, type Processors } from '#payments';
import { cardFormOf, leadToBank } from '../card-form.ts';
import { presentSavedCard } from '../cards/index.ts';
import type { ChangeRequest } from '../change-rules/index.ts';
import {
  type ChangeOutcome,
  type ChangeTarget,
  previewChange,
  readStoredTerms,
  requestChange,
  withdrawChange,
} from '../changes/index.ts';
import { billingProblems } from '../problems.ts';
import { changePage, changePreviewPage } from './page-types.ts';
import { type OpenedChange, openChange } from './view-choices.ts';
import { viewPreview } from './view-preview.ts';

type ChangeRequestOf = FastifyRequest<{ Params: { profile: string; plan: string } }>;

const params = Type.Object({ profile: Type.String(), plan: Type.String({ maxLength: 150 }) });
/** The choice: without `to`, the page shows what can be chosen. */
const querystring = Type.Object({
  to: Type.Optional(Type.String({ maxLength: 150 })),
  quantity: Type.Optional(Type.String({ maxLength: 20 })),
  at: Type.Optional(Type.String({ maxLength: 20 })),
});

/** Page that changes the plan or the quantity of a subscription: the choice, then what it does. */
export function changePages(app: App, processors: Processors): void {
  const url = '/profile/:profile/subscriptions/:plan/change/';
  const options = {
    config: { access: { kind: 'provider', frictionless: true }, page: true },
    schema: { hide: true, params, querystring },
  } as const;
  app.get(url, options, async (request, reply) => {
    const opened = await openChange(request, request.params.plan);
    return showChange(request, reply, processors, opened);
  });
  app.post(url, options, async (request, reply) => {
    const opened = await openChange(request, request.params.plan);
    if (textField(request.body, 'action', 20) === 'keep') return keepPlan(request, reply, processors, opened);
    return confirmChange(request, reply, processors, opened);
  });
}

function targetOf({ subscriber, from, sellers }: OpenedChange, to: string): ChangeTarget {
  return { subscriber, plan: from.slug, to, sellers };
}

/** Reads the choice as it was typed. */
function readChoice({ query }: FastifyRequest) {
  return {
    to: textField(query, 'to', 150),
    quantity: textField(query, 'quantity', 20),
    at: textField(query, 'at', 20),
  };
}

/**
 * Returns the change that the choice asks for. A provider leaves the amount due unless the subscriber lets providers
 * charge the card. @throws invalid_input (400) naming `quantity`
 */
function readWish(request: FastifyRequest, { subscriber, buys, choices }: OpenedChange): ChangeRequest {
  const { to, quantity, at } = readChoice(request);
  const is_counted = choices.some((each) => each.slug === to && each.quantities !== null);
  if (is_counted && quantity !== '' && !/^[1-9]\d{0,6}$/.test(quantity))
    throw invalidInput({ quantity: ['Write a whole number of at least 1.'] });
  return {
    at: at === 'period_end' ? at : null,
    option: 1,
    quantity: is_counted && quantity !== '' ? Number(quantity) : null,
    mode: null,
    leave_due: !buys && !subscriber.allow_provider_charges,
  };
}

/** Shows the preview of the choice, or the choice again when it is refused. */
async function showChange(
  request: ChangeRequestOf,
  reply: FastifyReply,
  processors: Processors,
  opened: OpenedChange,
  refused: FormProblem | null = null,
  outdated: 'changed' | 'expired' | null = null,
): Promise<FastifyReply> {
  const { to } = readChoice(request);
  if (to === '' || !opened.may_edit) return showChoices(request, reply, opened, refused);
  try {
    const ctx = { ...request.ctx, processors };
    const preview = await previewChange(ctx, targetOf(opened, to), readWish(request, opened));
    const { card, preview_key } = preview;
    const money = { amount: preview.charge_amount, unit: preview.unit };
    const line = { provider_id: opened.from.profile_id, amount: money.amount, broker_fee_percent: 0 };
    const { account } = await findChargePlace(ctx.db, processors.chosen, [line], money.unit);
    return await reply.page(
      changePreviewPage,
      {
        ...opened.parts,
        preview: viewPreview(preview, opened.from),
        preview_key,
        outdated,
        card: card && presentSavedCard(card),
        may_enter_card: opened.buys,
        ...cardFormOf(request, processors, money, account),
        choose_url: paths.changeSubscription(opened.subscriber.slug, opened.from.slug),
        form: readKeptFields(request),
        ...(refused ? { errors: refused.errors, detail: refused.detail } : {}),
      },
      refused?.status ?? (outdated === null ? 200 : 409),
    );
  } catch (error) {
    return showChoices(request, reply, opened, refused ?? problemToForm(error));
  }
}

async function showChoices(
  request: FastifyRequest,
  reply: FastifyReply,
  { parts, choices, pending, subscription, from }: OpenedChange,
  refused: FormProblem | null,
): Promise<FastifyReply> {
  const typed = readChoice(request);
  const quantity = from.quantity_max === null ? '' : String(subscription.quantity);
  return reply.page(
    changePage,
    {
      ...parts,
      choices,
      pending,
      form: { ...typed, quantity: typed.to === '' ? quantity : typed.quantity },
      ...(refused ? { errors: refused.errors, detail: refused.detail } : {}),
    },
    refused?.status ?? 200,
  );
}

/** Reads the fields of a refused form that are shown again: of the card, only the name on it. */
function readKeptFields({ body }: FastifyRequest) {
  return {
    card_name: textField(body, 'card_name', 100),
    use_card: textField(body, 'use_card', 20),
    remember_card: checkedField(body, 'remember_card'),
    accept_lost_uses: checkedField(body, 'accept_lost_uses'),
  };
}

async function confirmChange(
  request: ChangeRequestOf,
  reply: FastifyReply,
  processors: Processors,
  opened: OpenedChange,
): Promise<FastifyReply> {
  const { ctx, body } = request;
  try {
    const is_new_card = checkedField(body, 'pays') && textField(body, 'use_card', 20) !== 'on_file';
    const token = is_new_card ? processors.chosen.readCardForm(body, ctx.clock.now()) : null;
    const outcome = await requestChange({ ...ctx, processors }, targetOf(opened, readChoice(request).to), {
      ...readWish(request, opened),
      preview_key: textField(body, 'preview_key', 60) || null,
      token,
      remember_card: checkedField(body, 'remember_card'),
      replace: checkedField(body, 'replace'),
      accept_lost_uses: checkedField(body, 'accept_lost_uses'),
    });
    return await announce(request, reply, opened, outcome);
  } catch (error) {
    const led = leadToBank(reply, error, { back_url: request.url });
    if (led !== null) return led;
    const reason = outdatedReason(error);
    if (reason !== null) return showChange(request, reply, processors, opened, null, reason);
    return showChange(request, reply, processors, opened, placeRefusal(problemToForm(error)));
  }
}

/** Returns why a preview is outdated; null for any other error. */
function outdatedReason(error: unknown): 'changed' | 'expired' | null {
  if (!(error instanceof Problem) || error.code !== billingProblems.preview_outdated.code) return null;
  return error.extra.members?.['reason'] === 'expired' ? 'expired' : 'changed';
}

/** Moves the reason of a refusal to the field that resolves it. */
function placeRefusal(problem: FormProblem): FormProblem {
  if (problem.code === paymentsProblems.card_declined.code)
    return { ...problem, detail: 'The payment did not go through', errors: { card_number: [problem.detail] } };
  if (problem.code === billingProblems.uses_would_lapse.code)
    return { ...problem, detail: '', errors: { accept_lost_uses: ['Tick this box to change the plan.'] } };
  return problem;
}

/** Redirects with the message about an outcome. */
function announce(
  { ctx }: FastifyRequest,
  reply: FastifyReply,
  { subscriber, from }: OpenedChange,
  outcome: ChangeOutcome,
): FastifyReply {
  const { shown, at } = readStoredTerms(outcome.change.terms);
  const what = shown.to.slug === from.slug ? `${shown.to.title} for ${shown.quantity.to}` : shown.to.title;
  if (outcome.state === 'payment_pending')
    reply.flash('info', `The payment is being processed. ${from.title} goes on until it is decided.`);
  else if (at === 'now') reply.flash('success', `The subscription is ${what} now.`);
  else {
    const moment = { at: new Date(shown.effective_at), is_day: false };
    const day = humanizeDate(moment, { locale: ctx.lang, timezone: subscriber.default_timezone });
    reply.flash('success', `${what} begins on ${day}. Until then nothing changes.`);
    return reply.redirect(paths.changeSubscription(subscriber.slug, from.slug), 303);
  }
  return reply.redirect(paths.subscriptions(subscriber.slug), 303);
}

/** Withdraws the planned change. */
async function keepPlan(
  request: ChangeRequestOf,
  reply: FastifyReply,
  processors: Processors,
  opened: OpenedChange,
): Promise<FastifyReply> {
  try {
    await withdrawChange(request.ctx, targetOf(opened, ''));
  } catch (error) {
    return showChange(request, reply, processors, opened, problemToForm(error));
  }
  reply.flash('success', `The planned change was withdrawn. ${opened.from.title} goes on.`);
  return reply.redirect(paths.changeSubscription(opened.subscriber.slug, opened.from.slug), 303);
}
