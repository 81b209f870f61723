import { findPlanBySlug, findPlansByIds, findPlansOnSale, type Plan } from '#catalog';
import type { FastifyRequest } from 'fastify';
import { commonProblems } from '#kernel/problem';
import { mergeReads } from '#platform/db/merge-reads';
import type { Reader } from '#platform/db/database';
import { paths } from '#platform/http/paths';
import { sellersSeenBy } from '#platform/http/guards/access';
import type { Profile } from '#profiles';
import { findManagedProfiles, findPlansHeldBy, type Subscription } from '#subscriptions';
import { changeDirection, offeredMode } from '../change-rules/index.ts';
import { findPendingChange, getSubscription } from '../changes/index.ts';
import { getProfileById, loadPayerSummary } from '../payer.ts';
import type { ChoiceView, PlannedView } from './page-types.ts';

/** The subscription that a page changes, with what the caller may choose. */
export interface OpenedChange {
  subscriber: Profile;
  subscription: Subscription;
  from: Plan;
  sellers: ReturnType<typeof sellersSeenBy>;
  may_edit: boolean;
  /** True if the caller manages the subscriber, and so may enter a card. */
  buys: boolean;
  choices: ChoiceView[];
  /** Members that both pages have. */
  parts: {
    profile: { slug: string; printable_name: string };
    subscription: { slug: string; title: string; ends_at: Date; quantity: number; is_counted: boolean };
    may_edit: boolean;
    back_url: string;
  };
  pending: PlannedView | null;
}

/** Loads the subscription of the path. @throws subscription_unknown, not_found (404) */
export async function openChange({ ctx, subject }: FastifyRequest, plan: string): Promise<OpenedChange> {
  const { profile_id } = subject;
  if (profile_id === null) throw commonProblems.not_found();
  const at = ctx.clock.now();
  const sellers = sellersSeenBy(subject);
  const [opened, plans, held, managed] = await mergeReads(ctx.db, [
    async (reader) => openSubscription(reader, await getProfileById(reader, profile_id), { plan, sellers, at }),
    async (reader) => {
      const from = await findPlanBySlug(reader, plan);
      return from ? findPlansOnSale(reader, from) : [];
    },
    async (reader) => findPlansHeldBy(reader, profile_id, at, null),
    async (reader) => findManagedProfiles(reader, ctx),
  ]);
  const { subscriber, summary, subscription, from, pending } = opened;
  const buys = managed.managed.has(profile_id);
  const sells = managed.runs_site || managed.managed.has(from.profile_id);
  const may_edit = subject.is_manager && (buys || sells);
  const others = new Set(held.map(({ slug }) => slug));
  const choices = plans
    .filter((each) => each.id === from.id || !others.has(each.slug))
    .flatMap((each) => viewChoice(each, { subscription, from, subscriber, sells }) ?? []);
  const { slug, title } = from;
  return {
    subscriber,
    subscription,
    from,
    sellers,
    may_edit,
    buys,
    choices: may_edit && pending?.may_withdraw !== false ? choices : [],
    parts: {
      profile: summary,
      subscription: {
        slug,
        title,
        ends_at: subscription.ends_at,
        quantity: subscription.quantity,
        is_counted: from.quantity_max !== null,
      },
      may_edit,
      back_url: paths.subscriptions(subscriber.slug),
    },
    pending,
  };
}

async function openSubscription(
  reader: Reader,
  subscriber: Profile,
  { plan, sellers, at }: { plan: string; sellers: OpenedChange['sellers']; at: Date },
) {
  const { subscription, from } = await getSubscription(reader, { subscriber, plan, sellers }, at);
  const pending = await findPendingChange(reader, subscription.id);
  const to = pending && (await findPlansByIds(reader, [pending.plan_id])).get(pending.plan_id);
  return {
    subscriber,
    summary: await loadPayerSummary(reader, subscriber),
    subscription,
    from,
    pending:
      pending && to
        ? {
            title: to.title,
            quantity: pending.quantity,
            effective_at: pending.effective_at,
            price: { amount: pending.amount + pending.setup_amount, unit: pending.unit },
            may_withdraw: pending.order_id === null,
          }
        : null,
  };
}

/** Presents a plan that a subscription can be changed to by the caller, or null. Pure. */
function viewChoice(
  to: Plan,
  {
    subscription,
    from,
    subscriber,
    sells,
  }: {
    subscription: Pick<Subscription, 'quantity'>;
    from: Plan;
    subscriber: Pick<Profile, 'personal_user_id'>;
    sells: boolean;
  },
): ChoiceView | null {
  const is_same_plan = to.id === from.id;
  if (is_same_plan && to.quantity_max === null) return null;
  if (!is_same_plan && to.is_personal && subscriber.personal_user_id === null) return null;
  if (!is_same_plan && to.optin_on_request && !sells) return null;
  const { quantity } = subscription;
  const entered =
    to.quantity_max === null ? 1 : Math.min(Math.max(quantity, to.quantity_min), Math.max(to.quantity_max, 1));
  const direction = changeDirection({ plan: from, quantity }, { plan: to, quantity: entered }, is_same_plan);
  const mode = is_same_plan ? to.upgrade_mode : offeredMode(to, direction);
  if (mode === 'refused' && !(is_same_plan && to.downgrade_mode !== 'refused')) return null;
  return {
    slug: to.slug,
    title: to.title,
    price: { amount: to.period_amount, unit: to.unit },
    period_type: to.period_type,
    period_length: to.period_length,
    direction: is_same_plan ? 'quantity' : direction,
    mode,
    quantities: to.quantity_max === null ? null : { min: to.quantity_min, max: to.quantity_max },
  };
}
