import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { commonProblems } from '#kernel/problem';
import { DEFAULT_UNIT } from '#ledger';
import type { App } from '#platform/http/app';
import { problemToForm, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { type Confirmation, confirmPage } from '#platform/pages/forms/confirm-page';
import type { Refusal } from '#platform/pages/forms/form';
import { findProfileById, type Profile, profileName } from '#profiles';
import { type Bank, connectBank, disconnectBank, loadBank, makeOnboardingUrl } from '../payouts/index.ts';
import type { PaymentContext, Processors } from '../processors/index.ts';
import { subjectId } from '../subject-id.ts';
import { isUnreachable } from './is-unreachable.ts';
import { keyForm, key_form_context, replaceKeysByForm } from './key-form.ts';
import { loadAccount, makeReturnPages, readReturn, type ShownAccount } from './onboarding.ts';
import { bankPage } from './page-types.ts';
import { viewSetup, withinWait } from './view-setup.ts';

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
    const action = textField(body, 'action', 20);
    if (action === 'keys') return postKeys(request, reply, profile, processors);
    // The page itself shows the new report, or why there is none.
    if (action === 'check' && profile.id === ctx.site.broker_id)
      return reply.page(bankPage, await viewBank(request, processors, { is_asked: true }));
    try {
      if (action === 'connect') {
        const paying: PaymentContext = { ...ctx, processors };
        await connectBank(paying, profile.id);
        const page_url = await makeOnboardingUrl(paying, profile.id, makeReturnPages(request, profile));
        if (page_url !== null) return await reply.redirect(page_url, 303);
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

/** Replaces the keys of the payment processor; only the page of the broker has the form. */
async function postKeys(request: FastifyRequest, reply: FastifyReply, profile: Profile, processors: Processors) {
  const { ctx, body } = request;
  if (profile.id !== ctx.site.broker_id) throw commonProblems.not_found();
  const refusal = await replaceKeysByForm({ ...ctx, processors }, body);
  if (refusal !== null) return reply.page(bankPage, await viewBank(request, processors, { refusal }), refusal.status);
  reply.flash('success', 'The new key is stored. Payments use it within 5 seconds.');
  return reply.redirect(paths.bank(profile.slug), 303);
}

const LINK_EXPIRED = 'The link to the processor has expired. Continue with the button below.';

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

async function viewBank(
  request: FastifyRequest,
  processors: Processors,
  { is_asked = false, refusal = null }: { is_asked?: boolean; refusal?: Refusal | null } = {},
): Promise<(typeof bankPage)['samples']['typical']> {
  const { ctx, subject } = request;
  const profile = await readProfile(request);
  const paying: PaymentContext = { ...ctx, processors };
  const came = readReturn(request, profile);
  const is_broker = profile.id === ctx.site.broker_id;
  const loaded = findAccount(paying, profile, came !== null).then(async (shown_account) => ({
    shown_account,
    bank: await findBank(paying, profile),
  }));
  const [{ shown_account, bank }, setup] = await Promise.all([
    // A page of the broker shows both, and waits for neither of them for longer.
    is_broker ? withinWait(loaded, { shown_account: null, bank: null }) : loaded,
    is_broker ? viewSetup(paying, { is_asked, may_edit: subject.is_manager }) : null,
  ]);
  const { onboarding_origin } = processors.chosen;
  if (onboarding_origin !== null) request.pageOrigins = { 'form-action': [onboarding_origin] };
  const account = bank?.account ?? null;
  const totals = bank?.available ?? [];
  return {
    profile: { slug: profile.slug, printable_name: profileName(profile) },
    account: account && { ...account, connected_at: account.connected_at?.toISOString() ?? null },
    onboarding: shown_account?.onboarding ?? null,
    has_ended: shown_account?.has_ended === true,
    is_reached: bank !== null && shown_account !== null,
    may_edit: subject.is_manager,
    totals: totals.length === 0 ? [{ amount: 0, unit: DEFAULT_UNIT }] : totals,
    withdraw_url: paths.withdraw(profile.slug),
    disconnect_url: is_broker ? null : paths.disconnectBank(profile.slug),
    setup,
    ...keyForm.view({}, key_form_context, refusal),
    is_key_refused: refusal !== null,
    detail: refusal?.detail ?? (came === 'link' ? LINK_EXPIRED : ''),
  };
}

/** Loads the state of the account for a page; null if the processor does not respond. */
async function findAccount(ctx: PaymentContext, profile: Profile, has_returned: boolean): Promise<ShownAccount | null> {
  try {
    return await loadAccount(ctx, profile, has_returned);
  } catch (error) {
    if (isUnreachable(error)) return null;
    throw error;
  }
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
