import { findPlanOf, type Plan } from '#catalog';
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
import { subscriptionFacts, subscriptionGrantCreated } from '../events.ts';
import { isGrantActiveImmediately } from '../policy.ts';
import { subscriptionProblems } from '../problems.ts';
import {
  createSubscription,
  findSubscription,
  lockSubscriptionSlot,
  type Subscription,
  updateSubscription,
} from '../records/index.ts';
import { findGrantee, inviteGrantee, type Grantee } from './grantee.ts';
import { isCustomer } from './is-trusted-provider.ts';
import type { GrantInput } from './schemas.ts';

export interface Granted {
  subscription: Subscription;
  plan: Plan;
  is_new: boolean;
}

/**
 * Subscribes a profile to a plan on behalf of its provider: one free plan period, renewals are billed.
 *
 * Returns a running subscription unchanged. With `force`, an unknown address gets a profile, which waits for the user
 * who verifies the address.
 * @throws plan_not_provided, subscriber_unknown (404), invalid_input (400)
 */
export async function grantSubscription(
  ctx: Context,
  target: { provider_id: ProfileId; /** Slug. */ plan: string },
  input: GrantInput,
  options: { force: boolean },
): Promise<Granted> {
  const email = readEmail(input);
  return inTransaction(ctx.db, async (tx) => {
    const plan = await findPlanOf(tx, target.provider_id, target.plan);
    if (!plan) throw subscriptionProblems.plan_not_provided();
    const found = await findGrantee(tx, target.provider_id, { ...input.profile, email }, ctx.clock.now());
    if (!found && !options.force) throw subscriptionProblems.subscriber_unknown();
    const grantee = found ?? (await inviteGrantee(ctx, tx, target.provider_id, { ...input.profile, email }));
    // The lock waits for a concurrent archiving of the profile.
    const { is_active } = await lockProfile(tx, grantee.profile.id);
    if (!is_active) throw subscriptionProblems.subscriber_unknown();
    await lockSubscriptionSlot(tx, grantee.profile.id, plan.id);
    const running = await findSubscription(tx, grantee.profile.id, plan.id, ctx.clock.now());
    const subscription = running ? await withReadableKey(tx, running) : await openGranted(ctx, tx, plan, grantee);
    if (!running || running.grant_key !== null)
      await emitGrantCreated(ctx, tx, { subscription, plan, grantee, message: input.message ?? null });
    return { subscription, plan, is_new: !running };
  });
}

/** Replaces a key that was encrypted with another master key, so that a repeated grant sends a valid link. */
async function withReadableKey(tx: Tx, running: Subscription): Promise<Subscription> {
  if (running.grant_key !== UNREADABLE_KEY) return running;
  return updateSubscription(tx, running.id, { grant_key: randomKey40() });
}

function readEmail({ profile }: GrantInput): string | null {
  const typed = profile.email?.trim() ?? '';
  const slug = profile.slug?.trim() ?? '';
  if (slug === '' && (typed === '' || profile.full_name.trim() === '' || profile.type === undefined)) {
    throw invalidInput({ profile: ['One of slug or (full_name, email, type) should be present.'] });
  }
  if (typed === '') return null;
  const email = parseEmail(typed);
  if (email === null) throw invalidInput({ 'profile.email': ['Enter an e-mail address.'] });
  return email;
}

async function openGranted(ctx: Context, tx: Tx, plan: Plan, grantee: Grantee): Promise<Subscription> {
  const at = ctx.clock.now();
  const is_active_at_once = isGrantActiveImmediately(plan, {
    is_customer: await isCustomer(tx, grantee.profile.id, plan.profile_id, at),
    is_waiting_profile: grantee.profile.invited_email !== null,
  });
  return createSubscription(tx, plan, {
    profile_id: grantee.profile.id,
    created_at: at,
    ends_at: addPeriods(at, plan.period_length, plan.period_type),
    auto_renew: plan.renewal_type === 'auto-renew',
    grant_key: is_active_at_once ? null : randomKey40(),
  });
}

interface CreatedGrant {
  subscription: Subscription;
  plan: Plan;
  grantee: Grantee;
  message: string | null;
}

/** Emits `subscription_grant_created` with the keys that the subscriber needs. */
export async function emitGrantCreated(ctx: Context, tx: Tx, grant: CreatedGrant): Promise<void> {
  const { subscription, plan, grantee } = grant;
  const { invitee } = grantee;
  const at = ctx.clock.now();
  const message = invitee === null ? grant.message : removeLinks(grant.message);
  const key = invitee === null ? null : await createActivationKey(tx, invitee.id, invitee.email, message, at);
  const { grant_key } = subscription;
  const facts = { ...subscriptionFacts(subscription, plan), originated_by: actorId(ctx) };
  await emit(tx, subscriptionGrantCreated({ ...facts, grant_key, key, message }), at);
}
