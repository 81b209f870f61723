import type { requestExpired } from '#billing';
import { paths } from '#platform/http/paths';
import type { ProfileView } from '#profiles';
import type {
  subscriptionGrantAccepted,
  subscriptionGrantCreated,
  subscriptionRequestAccepted,
  subscriptionRequestCreated,
} from '#subscriptions';
import type { PayloadOf } from './composer.ts';
import { makeNotice, type Notice } from './notice.ts';
import type { Parties } from './parties.ts';

/**
 * Builds the offer of a subscription; null if the subscription is in effect without the consent of the subscriber.
 *
 * A subscriber without a password gets the link that sets it; the offer is shown after that.
 */
export function composeSubscriptionGrantCreated(
  found: Parties,
  payload: PayloadOf<typeof subscriptionGrantCreated>,
): Notice | null {
  const { grant_key, key, plan, message } = payload;
  const sides = findSides(found, payload);
  if (!sides || grant_key === null) return null;
  return makeSubscriberNotice('subscription_grant_created', sides, {
    path: key === null ? paths.subscriptionAccept(sides.subscriber.slug, grant_key) : paths.activate(key),
    data: { plan, detail: message ?? '' },
  });
}

export function composeSubscriptionGrantAccepted(
  found: Parties,
  payload: PayloadOf<typeof subscriptionGrantAccepted>,
): Notice | null {
  const sides = findSides(found, payload);
  return (
    sides &&
    makeProviderNotice('subscription_grant_accepted', sides, {
      path: paths.app(sides.provider.slug),
      data: { plan: payload.plan },
    })
  );
}

export function composeSubscriptionRequestCreated(
  found: Parties,
  payload: PayloadOf<typeof subscriptionRequestCreated>,
): Notice | null {
  const sides = findSides(found, payload);
  return (
    sides &&
    makeProviderNotice('subscription_request_created', sides, {
      path: paths.subscribersAccept(sides.provider.slug, payload.request_key),
      data: { plan: payload.plan },
    })
  );
}

export function composeSubscriptionRequestAccepted(
  found: Parties,
  payload: PayloadOf<typeof subscriptionRequestAccepted>,
): Notice | null {
  const sides = findSides(found, payload);
  return (
    sides &&
    makeSubscriberNotice('subscription_request_accepted', sides, {
      path: paths.app(sides.subscriber.slug),
      data: { plan: payload.plan },
    })
  );
}

export function composeRequestExpired(found: Parties, payload: PayloadOf<typeof requestExpired>): Notice | null {
  const sides = findSides(found, payload);
  const { plan, refunded, credited, due } = payload;
  return (
    sides &&
    makeSubscriberNotice('subscription_request_expired', sides, {
      path: paths.history(sides.subscriber.slug),
      data: { plan, refunded, credited, due },
    })
  );
}

interface Sides {
  provider: ProfileView;
  subscriber: ProfileView;
  originator: Notice['originator'];
}

/** Finds provider and subscriber of an event; null if one of them was deleted. */
function findSides(
  found: Parties,
  payload: Pick<PayloadOf<typeof subscriptionGrantAccepted>, 'provider_id' | 'profile_id' | 'originated_by'>,
): Sides | null {
  const provider = found.profile(payload.provider_id);
  const subscriber = found.profile(payload.profile_id);
  if (!provider || !subscriber) return null;
  return { provider, subscriber, originator: found.originator(payload.originated_by) };
}

type Rest = Pick<Notice, 'path' | 'data'>;

function makeSubscriberNotice(event: string, { provider, subscriber, originator }: Sides, rest: Rest): Notice {
  return makeNotice(event, { parties: { profile: subscriber, provider }, originator, ...rest });
}

/** In the template, `profile` is the reader: the provider. */
function makeProviderNotice(event: string, { provider, subscriber, originator }: Sides, rest: Rest): Notice {
  return makeNotice(event, { parties: { profile: provider, provider, subscriber }, originator, ...rest });
}
