import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { commonProblems, Problem } from '#kernel/problem';
import { DEFAULT_UNIT } from '#ledger';
import type { App } from '#platform/http/app';
import { problemToForm, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { type Confirmation, confirmPage } from '#platform/pages/forms/confirm-page';
import { findProfileById, type Profile, profileName } from '#profiles';
import { type Bank, connectBank, disconnectBank, loadBank } from '../payouts/index.ts';
import { paymentsProblems } from '../problems.ts';
import type { PaymentContext, Processors } from '../processors/index.ts';
import { subjectId } from '../subject-id.ts';
import { bankPage } from './page-types.ts';

/** Pages of the account to which a provider is paid out: its state, connect, disconnect. */
export function bankPages(app: App, processors: Processors): void {
  const url = '/billing/:profile/bank/';
  const options = {
    config: { access: { kind: 'direct' }, page: true },
    schema: { hide: true, params: Type.Object({ profile: Type.String() }) },
  } as const;

  const confirming = {
    ...options,
    config: { access: { kind: 'direct', manages: true }, page: true },
  } as const;

  app.get(url, options, async (request, reply) => reply.page(bankPage, await viewBank(request, processors)));

  app.post(url, options, async (request, reply) => {
    const { ctx, body } = request;
    const profile = await readProfile(request);
    try {
      if (textField(body, 'action', 20) === 'connect') {
        await connectBank({ ...ctx, processors }, profile.id);
        reply.flash('success', 'The account is connected. You can withdraw funds now.');
      }
      return await reply.redirect(paths.bank(profile.slug), 303);
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      return reply.page(bankPage, { ...(await viewBank(request, processors)), detail: error.message }, error.status);
    }
  });

  app.get(`${url}disconnect/`, confirming, async (request, reply) => {
    const profile = await readProfile(request);
    const { account } = await loadBank({ ...request.ctx, processors }, profile.id);
    if (!account || profile.id === request.ctx.site.broker_id) return reply.redirect(paths.bank(profile.slug), 302);
    return reply.page(confirmPage, { confirm: confirmDisconnect(profile.slug, account), ...shown });
  });

  app.post(`${url}disconnect/`, confirming, async (request, reply) => {
    const profile = await readProfile(request);
    const ctx: PaymentContext = { ...request.ctx, processors };
    try {
      await disconnectBank(request.ctx, profile.id);
      return await reply.flash('success', 'The account is disconnected.').redirect(paths.bank(profile.slug), 303);
    } catch (error) {
      const { account } = await loadBank(ctx, profile.id);
      const { status, detail } = problemToForm(error);
      if (!account) throw error;
      return reply.page(confirmPage, { confirm: confirmDisconnect(profile.slug, account), ...shown, detail }, status);
    }
  });
}

const shown = { form: {}, errors: {}, detail: '' };

/** Returns the profile of the path. */
export async function readProfile(request: FastifyRequest): Promise<Profile> {
  const profile = await findProfileById(request.ctx.db, subjectId(request));
  if (!profile) throw commonProblems.not_found();
  return profile;
}

/** Loads the bank account of a profile for a page; null if the processor does not respond. */
export async function findBank(ctx: PaymentContext, { id }: Profile): Promise<Bank | null> {
  try {
    return await loadBank(ctx, id);
  } catch (error) {
    if (isUnreachable(error)) return null;
    throw error;
  }
}

/** True if the payment processor did not respond. */
export function isUnreachable(error: unknown): error is Problem {
  return error instanceof Problem && error.code === paymentsProblems.processor_unreachable.code;
}

async function viewBank(
  request: FastifyRequest,
  processors: Processors,
): Promise<(typeof bankPage)['samples']['typical']> {
  const { ctx, subject } = request;
  const profile = await readProfile(request);
  const bank = await findBank({ ...ctx, processors }, profile);
  const account = bank?.account ?? null;
  const totals = bank?.available ?? [];
  return {
    profile: { slug: profile.slug, printable_name: profileName(profile) },
    account: account && { ...account, connected_at: account.connected_at?.toISOString() ?? null },
    is_reached: bank !== null,
    may_edit: subject.is_manager,
    totals: totals.length === 0 ? [{ amount: 0, unit: DEFAULT_UNIT }] : totals,
    withdraw_url: paths.withdraw(profile.slug),
    disconnect_url: profile.id === ctx.site.broker_id ? null : paths.disconnectBank(profile.slug),
    detail: '',
  };
}

function confirmDisconnect(slug: string, { bank_name, last4 }: { bank_name: string; last4: string }): Confirmation {
  return {
    title: 'Disconnect the account',
    subject: `${bank_name} ${last4}`,
    effect: [
      { label: 'Withdrawals', value: 'need another account' },
      { label: 'Your funds and sales', value: 'unchanged' },
    ],
    undo: 'You can connect an account again at any time.',
    keep_label: 'Keep the account',
    keep_url: paths.bank(slug),
    action_label: 'Disconnect the account',
    hidden: [],
    typed_name: null,
  };
}
