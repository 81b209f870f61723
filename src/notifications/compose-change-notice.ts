import type { changeApproaching, changePending, subscriptionChanged } from '#billing';
import { paths } from '#platform/http/paths';
import type { PayloadOf } from './composer.ts';
import { makeNotice, type Notice } from './notice.ts';
import type { Parties } from './parties.ts';

type ChangePayload = PayloadOf<typeof changePending>;

/** Builds the confirmation of a change of plan or quantity, with its lines and the next charge. */
export function composeSubscriptionChanged(
  found: Parties,
  payload: PayloadOf<typeof subscriptionChanged>,
): Notice | null {
  const { lines, unit, charge_amount, credit_after, next_charge_at, next_charge_amount } = payload;
  return makeChangeNotice('subscription_changed', found, payload, {
    ends_at: payload.ends_at,
    invoiced_items: lines.map(({ description, label, covers_to, amount }) => ({
      description: label ?? description,
      covers_to: label === undefined ? null : (covers_to ?? null),
      dest_amount: amount,
      dest_unit: unit,
    })),
    charged: charge_amount === 0 ? null : { amount: charge_amount, unit },
    credit: credit_after === 0 ? null : { amount: credit_after, unit },
    next_charge: next_charge_at === null ? null : { at: next_charge_at, amount: next_charge_amount, unit },
  });
}

/** Builds the notice of a change that was planned for the end of the paid period. */
export function composeChangePending(found: Parties, payload: ChangePayload): Notice | null {
  return makeChangeNotice('change_pending', found, payload, plannedOf(payload));
}

/** Builds the notice seven days before a planned change. */
export function composeChangeApproaching(found: Parties, payload: PayloadOf<typeof changeApproaching>): Notice | null {
  return makeChangeNotice('change_approaching', found, payload, plannedOf(payload));
}

function plannedOf({ effective_at, amount, unit }: ChangePayload) {
  return { effective_at, price: { amount, unit } };
}

/** Returns null if one side was deleted. */
function makeChangeNotice(
  event: string,
  found: Parties,
  payload: Pick<ChangePayload, 'profile_id' | 'provider_id' | 'originated_by' | 'from' | 'to' | 'quantity'>,
  data: Notice['data'],
): Notice | null {
  const [profile, provider] = [found.profile(payload.profile_id), found.profile(payload.provider_id)];
  if (!profile || !provider) return null;
  const { from, to, quantity } = payload;
  return makeNotice(event, {
    parties: { profile, provider },
    originator: found.originator(payload.originated_by),
    path: paths.subscriptions(profile.slug),
    data: { from_plan: from, plan: to, is_same_plan: from.slug === to.slug, quantity, ...data },
  });
}
