import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { invalidInput } from '#kernel/problem';
import { actorId } from '#platform/actor-id';
import type { App } from '#platform/http/app';
import { textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import type { FormContext } from '#platform/pages/forms/field';
import type { Refusal } from '#platform/pages/forms/form';
import { sha256Hex } from '#platform/security/crypto';
import { humanizeMoney } from '#platform/templates/humanize-money';
import { profileName } from '#profiles';
import { giftForm } from './credit-forms.ts';
import { type CreditStep, loadStep, stepAccess, viewStep } from './credit-step.ts';
import { findCreditTotals } from './credit-list-store.ts';
import { type Gift, giveCredit } from './give-credit.ts';
import { creditStepPage } from './page-types.ts';
import { readProvider } from './routes.ts';
import { CreditParams } from './schemas.ts';

/** Currency of the form before one is typed. */
const DEFAULT_UNIT = 'usd';

/** The page on which a provider gives credit: the amount, then what it does, then the gift. */
export function giftPage(app: App): void {
  const url = '/billing/:profile/credits/give/';
  const options = {
    config: { access: stepAccess, page: true },
    schema: { hide: true, params: CreditParams },
  } as const;
  app.get(url, options, async (request, reply) => showForm(request, reply, await loadStep(request), null));
  app.post(url, options, async (request, reply) => {
    const step = await loadStep(request);
    const key = textField(request.body, 'key', 64);
    try {
      const gift = await readGift(request, step);
      if (key === '') return await showReview(request, reply, step, gift);
      // The same form of the same user for the same gift gives once.
      const request_key = sha256Hex(JSON.stringify(['give credit page', actorId(request.ctx), gift, key]));
      await giveCredit(request.ctx, { ...gift, request_key });
      const given = humanizeMoney(gift, request.ctx.lang);
      reply.flash('success', `${profileName(step.holder)} got ${given} of credit.`);
      return await reply.redirect(paths.credits(step.holder.slug), 303);
    } catch (error) {
      return showForm(request, reply, step, formOf(step).form.refuse(error, request.body));
    }
  });
}

function formOf({ sellers }: CreditStep) {
  return giftForm(sellers.map((seller) => ({ value: seller.slug, label: profileName(seller) })));
}

function contextOf({ ctx, body }: FastifyRequest): FormContext {
  const typed = textField(body, 'unit', 3).toLowerCase();
  return { locale: ctx.lang, timezone: 'UTC', unit: /^[a-z]{3}$/.test(typed) ? typed : DEFAULT_UNIT };
}

/** @throws invalid_input (400) naming each wrong field */
async function readGift(request: FastifyRequest, step: CreditStep): Promise<Omit<Gift, 'request_key'>> {
  const { amount, unit, provider, descr } = formOf(step).form.read(request.body, contextOf(request));
  const currency = String(unit).toLowerCase();
  if (!/^[a-z]{3}$/.test(currency)) throw invalidInput({ unit: ['Write three letters, such as usd.'] });
  return {
    profile_id: step.holder.id,
    provider_id: await readProvider(request.ctx.db, request, typeof provider === 'string' ? provider : undefined),
    amount: Number(amount),
    unit: currency,
    descr: String(descr),
  };
}

async function showForm(
  request: FastifyRequest,
  reply: FastifyReply,
  step: CreditStep,
  refusal: Refusal | null,
): Promise<FastifyReply> {
  const { form } = formOf(step);
  const view = form.view({ unit: DEFAULT_UNIT }, contextOf(request), refusal);
  return reply.page(creditStepPage, { ...viewGift(request, step), ...view }, refusal?.status ?? 200);
}

async function showReview(
  request: FastifyRequest,
  reply: FastifyReply,
  step: CreditStep,
  gift: Omit<Gift, 'request_key'>,
): Promise<FastifyReply> {
  const { ctx } = request;
  const { unit, amount, provider_id } = gift;
  const totals = await findCreditTotals(ctx.db, step.holder.id, [provider_id]);
  const before = totals.find((total) => total.unit === unit)?.amount ?? 0;
  const context = contextOf(request);
  const typed = ['amount', 'unit', 'provider', 'descr'].map((name) => ({
    name,
    value: textField(request.body, name, 250),
  }));
  return reply.page(creditStepPage, {
    ...viewGift(request, step),
    ...formOf(step).form.view({}, context),
    review: {
      effect: [
        {
          label: `${profileName(step.holder)} can use`,
          hint: 'for the next orders, before a card is charged',
          money: { amount: before + amount, unit },
          was: { money: { amount: before, unit } },
        },
        { label: 'Written off', money: { amount, unit } },
        { label: 'Reason', value: gift.descr },
      ],
      undo: 'Credit that was given cannot be taken back, and cannot be paid out.',
      action_label: `Give ${humanizeMoney(gift, ctx.lang)} of credit`,
      hidden: [...typed, { name: 'key', value: randomUUID() }],
    },
  });
}

function viewGift(request: FastifyRequest, step: CreditStep) {
  return {
    ...viewStep(request, step),
    title: `Give credit to ${profileName(step.holder)}`,
    sub: 'It pays the next orders with you, before a card is charged. It cannot be paid out.',
    field_names: formOf(step).field_names,
  };
}
