import { findPlanOf, planIdsOf, type Plan } from '#catalog';
import { parseEmail } from '#kernel/email';
import { addPeriods } from '#kernel/period';
import { invalidInput } from '#kernel/problem';
import { actorId } from '#platform/actor-id';
import type { Context } from '#platform/context';
import { randomKey40 } from '#platform/security/crypto';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction, type Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { UNREADABLE_KEY } from '#platform/security/link-keys';
import { createActivationKey, lockProfile, removeLinks } from '#profiles';
import { subscriptionGrantCreated } from './events.ts';
import { findGrantee, inviteGrantee, type Grantee } from './grantee.ts';
import { idsOf } from './open-or-extend.ts';
import { takesEffectAtOnce } from './policy.ts';
import { subscriptionProblems } from './problems.ts';
import type { GrantInput } from './schemas.ts';
import {
  findSubscription,
  findSubscriptionsOf,
  insertSubscription,
  lockPlace,
  updateSubscription,
} from './subscription-store.ts';
import { isActive, type Subscription } from './subscription.ts';

export interface Granted {
  subscription: Subscription;
  plan: Plan;
  is_new: boolean;
}

/**
 * Subscribes a profile to a plan on behalf of its provider: one plan period for nothing, renewals are billed.
 *
 * A running subscription is returned unchanged. With `force` an unknown address gets a profile, which waits for its owner.
 * @throws plan_not_provided, subscriber_unknown (404), invalid_input (400)
 */
export async function grantSubscription(
  ctx: Context,
  target: { provider_id: ProfileId; plan: string },
  input: GrantInput,
  options: { force: boolean },
): Promise<Granted> {
  const email = readEmail(input);
  return inTransaction(ctx.db, async (tx) => {
    const plan = await findPlanOf(tx, target.provider_id, target.plan);
    if (!plan) throw subscriptionProblems.plan_not_provided();
    const known = await findGrantee(tx, target.provider_id, { ...input.profile, email }, ctx.clock.now());
    if (!known && !options.force) throw subscriptionProblems.subscriber_unknown();
    const grantee = known ?? (await inviteGrantee(ctx, tx, target.provider_id, { ...input.profile, email }));
    // Archived since it was found: the lock waits for an archiving that is under way.
    const { is_active } = await lockProfile(tx, grantee.profile.id);
    if (!is_active) throw subscriptionProblems.subscriber_unknown();
    await lockPlace(tx, grantee.profile.id, plan.id);
    const running = await findSubscription(tx, grantee.profile.id, plan.id, ctx.clock.now());
    const subscription = running ? await withReadableKey(tx, running) : await openGranted(ctx, tx, plan, grantee);
    if (!running || running.grant_key !== null)
      await tell(ctx, tx, { subscription, plan, grantee, message: input.message ?? null });
    return { subscription, plan, is_new: !running };
  });
}

/** A key that another master key sealed is replaced: granting again sends the link again. */
async function withReadableKey(tx: Tx, running: Subscription): Promise<Subscription> {
  if (running.grant_key !== UNREADABLE_KEY) return running;
  return updateSubscription(tx, running.id, { grant_key: randomKey40() });
}

function readEmail({ profile }: GrantInput): string | null {
  const written = profile.email?.trim() ?? '';
  const slug = profile.slug?.trim() ?? '';
  if (slug === '' && (written === '' || profile.full_name.trim() === '' || profile.type === undefined)) {
    throw invalidInput({ profile: ['One of slug or (full_name, email, type) should be present.'] });
  }
  if (written === '') return null;
  const email = parseEmail(written);
  if (email === null) throw invalidInput({ 'profile.email': ['Enter an e-mail address.'] });
  return email;
}

async function openGranted(ctx: Context, tx: Tx, plan: Plan, grantee: Grantee): Promise<Subscription> {
  const at = ctx.clock.now();
  const held = await findSubscriptionsOf(tx, [grantee.profile.id], await planIdsOf(tx, plan.profile_id));
  const at_once = takesEffectAtOnce(plan, {
    is_customer: held.some((each) => isActive(each, at)),
    is_waiting_profile: grantee.profile.invited_email !== null,
  });
  return insertSubscription(tx, {
    profile_id: grantee.profile.id,
    plan_id: plan.id,
    created_at: at,
    ends_at: addPeriods(at, plan.period_length, plan.period_type),
    auto_renew: plan.renewal_type === 'auto-renew',
    grant_key: at_once ? null : randomKey40(),
  });
}

interface Told {
  subscription: Subscription;
  plan: Plan;
  grantee: Grantee;
  message: string | null;
}

async function tell(ctx: Context, tx: Tx, told: Told): Promise<void> {
  const { subscription, plan, grantee } = told;
  const { invitee } = grantee;
  const at = ctx.clock.now();
  const message = invitee === null ? told.message : removeLinks(told.message);
  const key = invitee === null ? null : await createActivationKey(tx, invitee.id, invitee.email, message, at);
  const originated_by = actorId(ctx);
  const { grant_key } = subscription;
  await emit(
    tx,
    subscriptionGrantCreated({ ...idsOf(subscription, plan), originated_by, grant_key, key, message }),
    at,
  );
}
