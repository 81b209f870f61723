import type { Account } from '../account.ts';
import type { AccountFacts, OnboardingRequest } from '../onboarding.ts';
import { isAccountGone, isMissing } from './declined-by.ts';
import { callOptions, requireObject } from './stripe-client.ts';
import { isStripeId, requireStripeId } from './stripe-id.ts';
import type { StripeNeeds } from './stripe-needs.ts';

const NAMES_MAX = 50;

/** Returns the state of a connected account; null without access to it. */
export async function retrieveAccount({ client }: StripeNeeds, account: Account): Promise<AccountFacts | null> {
  if (!isStripeId(account, 'account')) return null;
  try {
    const found = requireObject(await client.accounts.retrieve(account), 'account');
    const { currently_due, pending_verification, current_deadline, disabled_reason } = found.requirements ?? {};
    return {
      charges_enabled: found.charges_enabled,
      payouts_enabled: found.payouts_enabled,
      details_submitted: found.details_submitted,
      fee_payer: found.controller?.fees?.payer === 'account' ? 'account' : 'application',
      requirements: {
        currently_due: (currently_due ?? []).slice(0, NAMES_MAX),
        pending: (pending_verification ?? []).slice(0, NAMES_MAX),
        deadline: typeof current_deadline === 'number' ? new Date(current_deadline * 1000).toISOString() : null,
        disabled_reason: disabled_reason ?? null,
      },
    };
  } catch (error) {
    if (isAccountGone(error) || isMissing(error)) return null;
    throw error;
  }
}

/** Makes a link to the pages of Stripe that complete an account. It lives for minutes, and is never stored. */
export async function makeOnboardingLink(
  { client }: StripeNeeds,
  { account, key, return_url, refresh_url }: OnboardingRequest,
): Promise<string> {
  const params = { type: 'account_onboarding' as const, return_url, refresh_url };
  const link = await client.accountLinks.create(
    { account: requireStripeId(account, 'account'), ...params },
    callOptions('', key),
  );
  if (link.object !== 'account_link') throw new Error('Stripe did not respond with a link');
  return link.url;
}
