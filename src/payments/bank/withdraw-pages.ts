import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Money } from '#kernel/money';
import { invalidInput } from '#kernel/problem';
import { selectMainAmount } from '#ledger';
import { actorId } from '#platform/actor-id';
import type { App } from '#platform/http/app';
import { textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import type { FormContext } from '#platform/pages/forms/field';
import { sha256Hex } from '#platform/security/crypto';
import { humanizeMoney } from '#platform/templates/humanize-money';
import { type Profile, profileName } from '#profiles';
import { type Bank, withdrawFunds } from '../payouts/index.ts';
import type { Processors } from '../processors/index.ts';
import { findNewestPayouts, type Payout } from '../records/index.ts';
import { withdrawPage } from './page-types.ts';
import { isUnreachable } from './is-unreachable.ts';
import { findBank, readProfile } from './pages.ts';
import { withdrawForm } from './withdraw-form.ts';

const PAYOUTS_COUNT = 10;

type WithdrawView = (typeof withdrawPage)['samples']['typical'];

interface Asked {
  profile: Profile;
  bank: Bank | null;
  /** What can be withdrawn in the chosen currency; zero when the funds are owed. */
  available: Money;
  form: ReturnType<typeof withdrawForm>;
  context: FormContext;
}

/** The page that moves funds to the bank: the amount, then what it does, then the withdrawal. */
export function withdrawPages(app: App, processors: Processors): void {
  const url = '/billing/:profile/transfers/withdraw/';
  const options = {
    config: { access: { kind: 'direct' }, page: true },
    schema: { hide: true, params: Type.Object({ profile: Type.String() }) },
  } as const;

  app.get(url, options, async (request, reply) => {
    const asked = await askWithdrawal(request, processors);
    const amount = asked.available.amount;
    return reply.page(withdrawPage, {
      ...(await viewPage(request, asked)),
      ...asked.form.view(amount > 0 ? { amount } : {}, asked.context),
    });
  });

  app.post(url, options, async (request, reply) => {
    const asked = await askWithdrawal(request, processors);
    const key = textField(request.body, 'key', 64);
    try {
      if (key === '') {
        const { amount } = asked.form.read(request.body, asked.context);
        return await showReview(request, reply, asked, amount);
      }
      const money = { amount: confirmedAmount(request), unit: asked.available.unit };
      const ctx = { ...request.ctx, processors };
      const detail = await withdrawFunds(ctx, asked.profile.id, {
        ...money,
        key: intentKey(request, asked, money, key),
      });
      reply.flash('success', detail);
      return await reply.redirect(paths.transfers(asked.profile.slug), 303);
    } catch (error) {
      // The intent is committed: the job finishes it.
      if (key !== '' && isUnreachable(error)) {
        reply.flash('warning', 'The payment processor did not respond. We look the withdrawal up in a few minutes.');
        return reply.redirect(paths.withdraw(asked.profile.slug), 303);
      }
      const refusal = asked.form.refuse(error, request.body);
      const view = asked.form.view({}, asked.context, refusal);
      return reply.page(withdrawPage, { ...(await viewPage(request, asked)), ...view }, refusal.status);
    }
  });
}

async function askWithdrawal(request: FastifyRequest, processors: Processors): Promise<Asked> {
  const { ctx } = request;
  const profile = await readProfile(request);
  const bank = await findBank({ ...ctx, processors }, profile);
  const funds = bank?.available ?? [];
  const unit = textField(request.query, 'unit', 3) || textField(request.body, 'unit', 3);
  const { amount, unit: chosen } = funds.find((each) => each.unit === unit) ?? selectMainAmount(funds);
  const available = { amount: Math.max(0, amount), unit: chosen };
  return {
    profile,
    bank,
    available,
    form: withdrawForm(available, ctx.lang),
    context: { locale: ctx.lang, timezone: profile.default_timezone, unit: chosen },
  };
}

/** Returns the confirmed amount, which a review wrote as an integer. */
function confirmedAmount({ body }: FastifyRequest): number {
  const amount = Number(textField(body, 'confirmed', 20));
  if (!Number.isSafeInteger(amount) || amount <= 0) throw invalidInput({ amount: ['Write the amount again.'] });
  return amount;
}

/** Key of the payout: the same form of the same person for the same amount withdraws once. */
function intentKey({ ctx }: FastifyRequest, { profile }: Asked, money: Money, key: string): string {
  return sha256Hex(JSON.stringify(['withdraw page', actorId(ctx), profile.id, money.amount, money.unit, key]));
}

async function showReview(request: FastifyRequest, reply: FastifyReply, asked: Asked, amount: number) {
  const { bank, available, form, context } = asked;
  const { lang } = request.ctx;
  const { unit } = available;
  const [money, was, becomes] = [amount, available.amount, available.amount - amount].map((each) =>
    humanizeMoney({ amount: each, unit }, lang),
  );
  return reply.page(withdrawPage, {
    ...(await viewPage(request, asked)),
    ...form.view({}, context),
    review: {
      effect: [
        {
          label: 'Your bank account receives',
          hint: `${bank?.account?.bank_name ?? ''} ${bank?.account?.last4 ?? ''}`.trim(),
          money: { amount, unit },
          strong: true,
        },
        { label: 'Your funds', money: { amount: -amount, unit }, note: `${was} becomes ${becomes}` },
        { label: 'Fee of the withdrawal', money: { amount: 0, unit } },
      ],
      action_label: `Withdraw ${money}`,
      hidden: [
        { name: 'key', value: randomUUID() },
        { name: 'confirmed', value: String(amount) },
        { name: 'unit', value: unit },
      ],
    },
  });
}

async function viewPage(
  { ctx, subject }: FastifyRequest,
  { profile, bank, available }: Asked,
): Promise<Omit<WithdrawView, 'form' | 'fields' | 'errors' | 'detail' | 'resolve_url' | 'error_count'>> {
  const url = paths.withdraw(profile.slug);
  const others = (bank?.available ?? []).filter(({ amount, unit }) => amount > 0 && unit !== available.unit);
  const payouts = await findNewestPayouts(ctx.db, profile.id, PAYOUTS_COUNT);
  return {
    profile: { slug: profile.slug, printable_name: profileName(profile) },
    crumbs: [{ label: 'Funds and payouts', href: paths.transfers(profile.slug) }],
    available,
    units: others.map((money) => ({ label: humanizeMoney(money, ctx.lang), href: `${url}?unit=${money.unit}` })),
    keep_url: paths.transfers(profile.slug),
    bank_url: paths.bank(profile.slug),
    refusal: refusalOf(bank, available, subject.is_manager),
    is_bank_missing: bank !== null && bank.account === null,
    review: null,
    payouts: payouts.map((payout) => ({
      money: { amount: payout.amount, unit: payout.unit },
      pill: payoutPill(payout),
      description: payout.description,
      created_at: payout.created_at.toISOString(),
      detail: payout.detail,
    })),
  };
}

function refusalOf(bank: Bank | null, { amount }: Money, is_manager: boolean): string | null {
  if (bank === null) return 'The payment processor does not respond. Try again in a minute.';
  if (!is_manager) return 'Managers can withdraw funds. Ask one of them.';
  if (bank.account === null) return 'Connect an account first: the funds need a bank account to go to.';
  return amount > 0 ? null : 'There are no funds to withdraw.';
}

function payoutPill({ state, processor_key }: Payout): WithdrawView['payouts'][number]['pill'] {
  switch (state) {
    case 'reserved':
      return 'requested';
    case 'pending':
      return 'on_its_way';
    case 'paid':
      return 'paid_out';
    case 'failed':
      return processor_key === null ? 'failed' : 'returned';
  }
}
