import { findPlansBySlugs } from '#catalog';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { runTogether } from '#platform/db/together';
import { findProfilesByHandles, type Profile } from '#profiles';
import { subscriptionsOf, subscriptionSubject } from '#subscriptions';
import { findImports } from '../adjustments/index.ts';
import { describePayment, type ReadPayment, refuseAmount } from './import-payment.ts';
import { parsePayment, type PaymentFault, type TypedPayment } from './payment-file.ts';

export interface CheckedPayments {
  payments: (ReadPayment & { row: number })[];
  /** Faults of all rows, by row. */
  faults: PaymentFault[];
}

/**
 * Checks all payments of a file against subscribers, plans, subscriptions and earlier imports of the provider. Four
 * statements for any number of rows. Writes nothing.
 */
export async function checkPayments(
  ctx: Context,
  reader: Reader,
  provider: Pick<Profile, 'id' | 'default_timezone'>,
  typed: readonly TypedPayment[],
): Promise<CheckedPayments> {
  const faults: PaymentFault[] = [];
  const terms = { timezone: provider.default_timezone, now: ctx.clock.now() };
  const parsed = typed.flatMap((each) => parsePayment(each, terms, faults) ?? []);
  const profiles = await findProfilesByHandles(reader, [...new Set(parsed.map(({ subscriber }) => subscriber))]);
  const plans = await findPlansBySlugs(reader, [...new Set(parsed.map(({ plan }) => plan))]);
  const profile_ids = [...profiles.values()].map(({ id }) => id);
  const { subscriptions } = await runTogether(reader, {
    subscriptions: subscriptionsOf(
      profile_ids,
      [...plans.values()].flatMap(({ id, profile_id }) => (profile_id === provider.id ? [id] : [])),
    ),
  });
  const earlier = new Map((await findImports(reader, provider.id, profile_ids)).map((each) => [nameOf(each), 0]));
  const payments = parsed.flatMap(({ row, ...each }): (ReadPayment & { row: number })[] => {
    const refuse = (field: PaymentFault['field'], message: string) => {
      faults.push({ row, field, message });
      return [];
    };
    const profile = profiles.get(each.subscriber);
    const plan = plans.get(each.plan);
    if (!profile) return refuse('subscription', `There is no subscriber ${each.subscriber}.`);
    if (plan?.profile_id !== provider.id) return refuse('subscription', `You have no plan ${each.plan}.`);
    const subscription = subscriptions.find(
      ({ profile_id, plan_id, ends_at }) => profile_id === profile.id && plan_id === plan.id && ends_at > each.at,
    );
    if (!subscription)
      return refuse('subscription', 'The subscriber has no subscription to this plan, or it ended before that date.');
    if (subscription.request_key !== null)
      return refuse('subscription', 'You have not accepted this request yet. Accept it first.');
    const wrong = refuseAmount(each.amount, plan.unit);
    if (wrong !== null) return refuse('amount', wrong);
    const part = {
      provider_id: provider.id,
      subject: subscriptionSubject(subscription.id),
      label: `${profile.slug}:${plan.slug}`,
      amount: each.amount,
      unit: plan.unit,
    };
    const read = { row, payer_id: profile.id, part, description: describePayment(ctx, each.descr), at: each.at };
    const name = nameOf({ profile_id: profile.id, created_at: each.at, description: read.description, ...part });
    const same = earlier.get(name);
    if (same !== undefined)
      return refuse('row', same === 0 ? 'This payment was imported before.' : `Row ${same} is the same payment.`);
    earlier.set(name, row);
    return [read];
  });
  return { payments, faults: faults.toSorted((a, b) => a.row - b.row) };
}

interface Named {
  profile_id: ProfileId;
  created_at: Date;
  amount: number;
  unit: string;
  description: string;
}

/** Name of a payment: two payments with the same name are one payment that is given twice. */
function nameOf({ profile_id, created_at, amount, unit, description }: Named): string {
  return JSON.stringify([profile_id, created_at.toISOString(), amount, unit, description]);
}
