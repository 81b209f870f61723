import type {
  cardExpiresSoon,
  expiresSoon,
  paymentActionRequired,
  paymentMethodAbsent,
  processorUnreached,
  renewalChargeFailed,
  renewalRecovered,
  subscriptionEndedUnpaid,
  subscriptionPaused,
  subscriptionResumed,
  subscriptionResumesSoon,
  subscriptionUpgrade,
  trialEnded,
  trialEndsSoon,
} from '#billing';
import type { ProfileId } from '#platform/db/db-schema';
import { withNext } from '#platform/http/next';
import { paths } from '#platform/http/paths';
import type { ProfileView } from '#profiles';
import type { quotaReached, useChargeLimitCrossed } from '#subscriptions';
import type { PayloadOf } from './composer.ts';
import { makeNotice, type Notice } from './notice.ts';
import type { Parties } from './parties.ts';

interface Sides {
  profile: ProfileView;
  provider: ProfileView;
}

function findSides(found: Parties, payload: { profile_id: ProfileId; provider_id: ProfileId }): Sides | null {
  const [profile, provider] = [found.profile(payload.profile_id), found.profile(payload.provider_id)];
  return profile && provider ? { profile, provider } : null;
}

/**
 * Builds the notice of a failed charge. The button leads to what is due and how it is paid; when only another card
 * helps, to the form of the card, which leads there.
 */
export function composeRenewalChargeFailed(
  found: Parties,
  payload: PayloadOf<typeof renewalChargeFailed>,
): Notice | null {
  const sides = findSides(found, payload);
  if (!sides) return null;
  const { slug } = sides.profile;
  const needs_card = payload.kind === 'hard' || payload.kind === 'card';
  return makeNotice('renewal_charge_failed', {
    parties: { ...sides },
    path: needs_card ? withNext(paths.card(slug), paths.dunning(slug)) : paths.dunning(slug),
    data: { ...failureData(payload), needs_card, has_card: payload.decline_code !== 'payment_method_absent' },
  });
}

/**
 * Builds the notice of a charge that the bank wants the payer to confirm. The button pays and confirms: without signing
 * in, as long as the link works.
 */
export function composePaymentActionRequired(
  found: Parties,
  payload: PayloadOf<typeof paymentActionRequired>,
): Notice | null {
  const sides = findSides(found, payload);
  if (!sides) return null;
  return makeNotice('payment_action_required', {
    parties: { ...sides },
    path: payload.key === undefined ? paths.balance(sides.profile.slug) : paths.finishLink(payload.key),
    data: { ...failureData(payload), has_link: payload.key !== undefined },
  });
}

function failureData(payload: PayloadOf<typeof renewalChargeFailed>) {
  const { lines, amount, unit, next_attempt_at, ends_at, end, final_notice } = payload;
  return {
    invoiced_items: lines.map((line) => ({ description: line.description, dest_amount: line.amount, dest_unit: unit })),
    total: { amount, unit },
    next_attempt_at,
    ends_at,
    end,
    final_notice,
  };
}

export function composeRenewalRecovered(found: Parties, payload: PayloadOf<typeof renewalRecovered>): Notice | null {
  const sides = findSides(found, payload);
  if (!sides) return null;
  return makeNotice('renewal_recovered', {
    parties: { ...sides },
    path: paths.history(sides.profile.slug),
    data: { plans: payload.plans, was_suspended: payload.was_suspended },
  });
}

export function composeSubscriptionEndedUnpaid(
  found: Parties,
  payload: PayloadOf<typeof subscriptionEndedUnpaid>,
): Notice | null {
  const sides = findSides(found, payload);
  if (!sides) return null;
  const { plans, due_amount, unit, is_suspended } = payload;
  return makeNotice('subscription_ended_unpaid', {
    parties: { ...sides },
    path: due_amount > 0 ? paths.balance(sides.profile.slug) : paths.subscriptions(sides.profile.slug),
    data: { plans, due: due_amount > 0 ? { amount: due_amount, unit } : null, is_suspended },
  });
}

export function composeProcessorUnreached(
  found: Parties,
  payload: PayloadOf<typeof processorUnreached>,
): Notice | null {
  const sides = findSides(found, payload);
  if (!sides) return null;
  return makeNotice('processor_setup_error', {
    parties: { profile: sides.provider, provider: sides.provider, subscriber: sides.profile },
    path: paths.charges(),
  });
}

/** Builds the notice that a subscription ends; the button shows the plans. */
export function composeExpiresSoon(found: Parties, payload: PayloadOf<typeof expiresSoon>): Notice | null {
  return endNotice('expires_soon', found, payload);
}

export function composeSubscriptionUpgrade(
  found: Parties,
  payload: PayloadOf<typeof subscriptionUpgrade>,
): Notice | null {
  return endNotice('subscription_upgrade', found, payload);
}

function endNotice(event: string, found: Parties, payload: PayloadOf<typeof expiresSoon>): Notice | null {
  const sides = findSides(found, payload);
  if (!sides) return null;
  const { plan, ends_at } = payload;
  return makeNotice(event, { parties: { ...sides }, path: paths.pricing(), data: { plan, ends_at } });
}

export function composeCardExpiresSoon(found: Parties, payload: PayloadOf<typeof cardExpiresSoon>): Notice | null {
  const sides = findSides(found, payload);
  if (!sides) return null;
  const { plan, ends_at, last4, exp_date } = payload;
  return makeNotice('card_expires_soon', {
    parties: { ...sides },
    path: paths.card(sides.profile.slug),
    data: { plan, ends_at, last4, exp_date },
  });
}

export function composePaymentMethodAbsent(
  found: Parties,
  payload: PayloadOf<typeof paymentMethodAbsent>,
): Notice | null {
  const sides = findSides(found, payload);
  if (!sides) return null;
  const { plan, ends_at } = payload;
  return makeNotice('payment_method_absent', {
    parties: { ...sides },
    path: paths.card(sides.profile.slug),
    data: { plan, ends_at },
  });
}

export function composeQuotaReached(found: Parties, payload: PayloadOf<typeof quotaReached>): Notice | null {
  return useNotice('quota_reached', found, payload);
}

export function composeUseChargeLimitCrossed(
  found: Parties,
  payload: PayloadOf<typeof useChargeLimitCrossed>,
): Notice | null {
  return useNotice('use_charge_limit_crossed', found, payload);
}

function useNotice(event: string, found: Parties, payload: PayloadOf<typeof quotaReached>): Notice | null {
  const sides = findSides(found, payload);
  if (!sides) return null;
  const { plan, use_charge, use_title, used_quantity } = payload;
  return makeNotice(event, {
    parties: { ...sides },
    path: paths.subscriptions(sides.profile.slug),
    data: { plan, use_charge: use_title ?? use_charge, used_quantity },
  });
}

/** Builds the reminder of the end of a trial. The button leads to where it is cancelled, or asks for a card. */
export function composeTrialEndsSoon(found: Parties, payload: PayloadOf<typeof trialEndsSoon>): Notice | null {
  const sides = findSides(found, payload);
  if (!sides) return null;
  const { plan, ends_at, amount, unit, has_card } = payload;
  return makeNotice('trial_ends_soon', {
    parties: { ...sides },
    path: has_card ? paths.subscriptions(sides.profile.slug) : paths.card(sides.profile.slug),
    data: { plan, ends_at, price: { amount, unit }, has_card },
  });
}

export function composeTrialEnded(found: Parties, payload: PayloadOf<typeof trialEnded>): Notice | null {
  const sides = findSides(found, payload);
  if (!sides) return null;
  const { plan, ends_at } = payload;
  return makeNotice('trial_ended', { parties: { ...sides }, path: paths.pricing(), data: { plan, ends_at } });
}

export function composePaused(found: Parties, payload: PayloadOf<typeof subscriptionPaused>): Notice | null {
  return pauseNotice('subscription_paused', found, payload);
}

export function composeResumesSoon(found: Parties, payload: PayloadOf<typeof subscriptionResumesSoon>): Notice | null {
  return pauseNotice('subscription_resumes_soon', found, payload);
}

export function composeResumed(found: Parties, payload: PayloadOf<typeof subscriptionResumed>): Notice | null {
  return pauseNotice('subscription_resumed', found, payload);
}

function pauseNotice(event: string, found: Parties, payload: PayloadOf<typeof subscriptionPaused>): Notice | null {
  const sides = findSides(found, payload);
  if (!sides) return null;
  const { plan, resumes_at, ends_at, originated_by } = payload;
  return makeNotice(event, {
    parties: { ...sides },
    originator: found.originator(originated_by),
    path: paths.subscriptions(sides.profile.slug),
    data: { plan: { slug: plan.slug, title: plan.title }, resumes_at, ends_at },
  });
}
