import type { Context } from '#platform/context';
import type { JsonObject } from '#platform/db/db-schema';
import { paths } from '#platform/http/paths';
import type { ProfileView } from '#profiles';
import { type Notice, notice } from './notice.ts';
import { originatorOf, profileOf } from './parties.ts';
import { objectIn, textIn } from './payload.ts';

/** An offer to a subscriber, who may first have to set a password. */
export async function composeSubscriptionGrantCreated(ctx: Context, payload: JsonObject): Promise<Notice | null> {
  const sides = await sidesOf(ctx, payload);
  const grant_key = textIn(payload, 'grant_key');
  // In effect at once: there is nothing to accept and the subscriber did not ask.
  if (!sides || grant_key === null) return null;
  const key = textIn(payload, 'key');
  return toSubscriber('subscription_grant_created', sides, {
    path: key === null ? paths.subscriptionAccept(sides.subscriber.slug, grant_key) : paths.activate(key),
    data: { plan: objectIn(payload, 'plan'), detail: textIn(payload, 'message') ?? '' },
  });
}

export async function composeSubscriptionGrantAccepted(ctx: Context, payload: JsonObject): Promise<Notice | null> {
  const sides = await sidesOf(ctx, payload);
  return (
    sides &&
    toProvider('subscription_grant_accepted', sides, {
      path: paths.app(sides.provider.slug),
      data: { plan: objectIn(payload, 'plan') },
    })
  );
}

export async function composeSubscriptionRequestCreated(ctx: Context, payload: JsonObject): Promise<Notice | null> {
  const sides = await sidesOf(ctx, payload);
  return (
    sides &&
    toProvider('subscription_request_created', sides, {
      path: paths.subscribersAccept(sides.provider.slug, textIn(payload, 'request_key') ?? ''),
      data: { plan: objectIn(payload, 'plan'), detail: textIn(payload, 'message') ?? '' },
    })
  );
}

export async function composeSubscriptionRequestAccepted(ctx: Context, payload: JsonObject): Promise<Notice | null> {
  const sides = await sidesOf(ctx, payload);
  return (
    sides &&
    toSubscriber('subscription_request_accepted', sides, {
      path: paths.app(sides.subscriber.slug),
      data: { plan: objectIn(payload, 'plan') },
    })
  );
}

interface Sides {
  provider: ProfileView;
  subscriber: ProfileView;
  originator: Notice['originator'];
}

async function sidesOf(ctx: Context, payload: JsonObject): Promise<Sides | null> {
  const provider = await profileOf(ctx, payload, 'provider_id');
  const subscriber = await profileOf(ctx, payload, 'profile_id');
  return provider && subscriber ? { provider, subscriber, originator: await originatorOf(ctx, payload) } : null;
}

type Rest = Pick<Notice, 'path' | 'data'>;

function toSubscriber(event: string, { provider, subscriber, originator }: Sides, rest: Rest): Notice {
  return notice(event, { parties: { profile: subscriber, provider }, originator, ...rest });
}

/** To the template, the provider is the profile that the message is for. */
function toProvider(event: string, { provider, subscriber, originator }: Sides, rest: Rest): Notice {
  return notice(event, { parties: { profile: provider, provider, subscriber }, originator, ...rest });
}
