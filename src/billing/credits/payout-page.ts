import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { textField } from '#platform/http/forms';
import { sellersSeenBy } from '#platform/http/guards/access';
import { paths } from '#platform/http/paths';
import type { CreditId } from '#platform/db/db-schema';
import type { FormContext } from '#platform/pages/forms/field';
import type { Refusal } from '#platform/pages/forms/form';
import { humanizeMoney } from '#platform/templates/humanize-money';
import type { Processors } from '#payments';
import { profileName } from '#profiles';
import { billingProblems } from '../problems.ts';
import { payoutForm } from './credit-forms.ts';
import { type CreditStep, loadStep, stepAccess, viewStep } from './credit-step.ts';
import type { Lot } from './lot.ts';
import { creditStepPage } from './page-types.ts';
import { getLot, payOutCredit, planPayout } from './pay-out-credit.ts';
import { LotParams } from './schemas.ts';

type PayoutRequest = FastifyRequest<{ Params: { profile: string; number: string } }>;

interface Asked extends CreditStep {
  lot: Lot;
}

/** The page on which a provider pays credit out to the cards that paid for it: the amount, what it does, the payout. */
export function payoutPage(app: App, processors: Processors): void {
  const url = '/billing/:profile/credits/:number/refund/';
  const options = {
    config: { access: stepAccess, page: true, problems: [billingProblems.credit_unknown] },
    schema: { hide: true, params: LotParams },
  } as const;
  app.get(url, options, async (request: PayoutRequest, reply) => showForm(request, reply, await ask(request), null));
  app.post(url, options, async (request: PayoutRequest, reply) => {
    const asked = await ask(request);
    const { holder, lot } = asked;
    const form = payoutForm({ amount: lot.balance, unit: lot.unit }, request.ctx.lang);
    const shown = textField(request.body, 'left', 20);
    try {
      const amount = Number(form.read(request.body, contextOf(request, lot))['amount']);
      if (shown === '') return await showReview(request, reply, asked, amount);
      const detail = await payOutCredit(
        { ...request.ctx, processors },
        {
          profile_id: holder.id,
          sellers: sellersSeenBy(request.subject),
          credit_id: lot.id,
          amount,
          balance: Number(shown),
        },
      );
      reply.flash('success', detail);
      return await reply.redirect(paths.credits(holder.slug), 303);
    } catch (error) {
      return showForm(request, reply, asked, form.refuse(error, request.body));
    }
  });
}

/** @throws credit_unknown (404) */
async function ask(request: PayoutRequest): Promise<Asked> {
  const step = await loadStep(request);
  const credit_id = Number(request.params.number) as CreditId; // a number, as the schema of the address says
  const sellers = sellersSeenBy(request.subject);
  return { ...step, lot: await getLot(request.ctx.db, { profile_id: step.holder.id, sellers, credit_id }) };
}

function contextOf({ ctx }: FastifyRequest, { unit }: Lot): FormContext {
  return { locale: ctx.lang, timezone: 'UTC', unit };
}

async function showForm(
  request: FastifyRequest,
  reply: FastifyReply,
  asked: Asked,
  refusal: Refusal | null,
): Promise<FastifyReply> {
  const { lot } = asked;
  const form = payoutForm({ amount: lot.balance, unit: lot.unit }, request.ctx.lang);
  const none = refusal === null ? await refuseAny(request, lot) : null;
  return reply.page(
    creditStepPage,
    {
      ...viewPayout(request, asked),
      ...form.view({ amount: lot.balance }, contextOf(request, lot), refusal),
      refusal: none,
    },
    refusal?.status ?? 200,
  );
}

/** Returns why nothing of a lot can be paid out, or null. */
async function refuseAny({ ctx }: FastifyRequest, lot: Lot): Promise<string | null> {
  if (lot.balance === 0) return 'Nothing is left of this credit.';
  try {
    await planPayout(ctx.db, lot, 1);
    return null;
  } catch (error) {
    if (error instanceof Problem && error.code === billingProblems.credit_not_refundable.code) return error.message;
    throw error;
  }
}

/** @throws credit_not_refundable (409) if cards did not pay as much */
async function showReview(
  request: FastifyRequest,
  reply: FastifyReply,
  asked: Asked,
  amount: number,
): Promise<FastifyReply> {
  const { ctx } = request;
  const { lot, holder } = asked;
  const { unit, balance } = lot;
  const parts = await planPayout(ctx.db, lot, amount);
  const form = payoutForm({ amount: balance, unit }, ctx.lang);
  const hint = parts.length > 1 ? `in ${parts.length} refunds of the payments it comes from` : 'on the card that paid';
  return reply.page(creditStepPage, {
    ...viewPayout(request, asked),
    ...form.view({}, contextOf(request, lot)),
    review: {
      effect: [
        { label: `${profileName(holder)} gets back`, hint, money: { amount, unit } },
        { label: 'Your funds', hint: 'less the fee that the processor returns', money: { amount: -amount, unit } },
        {
          label: 'Credit left',
          money: { amount: balance - amount, unit },
          was: { money: { amount: balance, unit } },
          strong: true,
        },
      ],
      undo: 'A payout is sent at once and cannot be undone. The bank of the customer shows it in 5 to 10 days.',
      action_label: `Pay out ${humanizeMoney({ amount, unit }, ctx.lang)}`,
      hidden: [
        { name: 'amount', value: textField(request.body, 'amount', 40) },
        { name: 'left', value: String(balance) },
      ],
    },
  });
}

function viewPayout(request: FastifyRequest, asked: Asked) {
  const { id, description } = asked.lot;
  return {
    ...viewStep(request, asked),
    title: `Pay out credit ${id}`,
    sub: description,
    field_names: ['amount'],
  };
}
