import type { Context } from '#platform/context';
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
import { findOriginator, findProfileParty } from './parties.ts';

/**
 * Builds the offer of a subscription; null if the subscription is in effect without the consent of the subscriber.
 *
 * A subscriber without a password gets the link that sets it; the offer is shown after that.
 */
export async function composeSubscriptionGrantCreated(
  ctx: Context,
  payload: PayloadOf<typeof subscriptionGrantCreated>,
): Promise<Notice | null> {
  const { grant_key, key, plan, message } = payload;
  const sides = await findSides(ctx, payload);
  if (!sides || grant_key === null) return null;
  return makeSubscriberNotice('subscription_grant_created', sides, {
    path: key === null ? paths.subscriptionAccept(sides.subscriber.slug, grant_key) : paths.activate(key),
    data: { plan, detail: message ?? '' },
  });
}

export async function composeSubscriptionGrantAccepted(
  ctx: Context,
  payload: PayloadOf<typeof subscriptionGrantAccepted>,
): Promise<Notice | null> {
  const sides = await findSides(ctx, payload);
  return (
    sides &&
    makeProviderNotice('subscription_grant_accepted', sides, {
      path: paths.app(sides.provider.slug),
      data: { plan: payload.plan },
    })
  );
}

export async function composeSubscriptionRequestCreated(
  ctx: Context,
  payload: PayloadOf<typeof subscriptionRequestCreated>,
): Promise<Notice | null> {
  const sides = await findSides(ctx, payload);
  return (
    sides &&
    makeProviderNotice('subscription_request_created', sides, {
      path: paths.subscribersAccept(sides.provider.slug, payload.request_key),
      data: { plan: payload.plan },
    })
  );
}

export async function composeSubscriptionRequestAccepted(
  ctx: Context,
  payload: PayloadOf<typeof subscriptionRequestAccepted>,
): Promise<Notice | null> {
  const sides = await findSides(ctx, payload);
  return (
    sides &&
    makeSubscriberNotice('subscription_request_accepted', sides, {
      path: paths.app(sides.subscriber.slug),
      data: { plan: payload.plan },
    })
  );
}

interface Sides {
  provider: ProfileView;
  subscriber: ProfileView;
  originator: Notice['originator'];
}

/** Finds provider and subscriber of an event; null if one of them was deleted. */
async function findSides(ctx: Context, payload: PayloadOf<typeof subscriptionGrantAccepted>): Promise<Sides | null> {
  const provider = await findProfileParty(ctx, payload.provider_id);
  const subscriber = await findProfileParty(ctx, payload.profile_id);
  if (!provider || !subscriber) return null;
  return { provider, subscriber, originator: await findOriginator(ctx, payload.originated_by) };
}

type Rest = Pick<Notice, 'path' | 'data'>;

function makeSubscriberNotice(event: string, { provider, subscriber, originator }: Sides, rest: Rest): Notice {
  return makeNotice(event, { parties: { profile: subscriber, provider }, originator, ...rest });
}

/** In the template, `profile` is the reader: the provider. */
function makeProviderNotice(event: string, { provider, subscriber, originator }: Sides, rest: Rest): Notice {
  return makeNotice(event, { parties: { profile: provider, provider, subscriber }, originator, ...rest });
}
