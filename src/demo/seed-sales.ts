import { addToCart, checkOut } from '#billing';
import { createCoupon, createPlan, findPlanBySlug } from '#catalog';
import { accounts, moveAmount, postEvent } from '#ledger';
import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { callProcessor, isAccepted, type PaymentContext, recordCharge, reserveAttempt } from '#payments';
import { findSubscription, subscriptionSubject } from '#subscriptions';
import { coupons, documentedCharge, plans } from './dataset.ts';
import { monthsBefore } from './months-before.ts';
import { actAs, type People } from './seed-people.ts';

const CARD = 'tok_visa';

/** Creates the plans and coupons of the broker. */
export async function seedCatalog(ctx: Context, { broker, users }: People): Promise<void> {
  const donny = actAs(ctx, users.get('donny'));
  for (const { advance = [], use, is_not_priced = false, ...plan } of plans) {
    await createPlan(
      donny,
      broker.id,
      {
        ...plan,
        is_not_priced,
        is_active: true,
        unit: 'usd',
        advance_discounts: advance.map(({ length, bps }) => ({
          discount_type: 'percentage' as const,
          discount_value: bps,
          length,
        })),
        use_charges: use === undefined ? [] : [{ ...use, description: use.title }],
      },
      'broker',
    );
  }
  for (const coupon of coupons) {
    await createCoupon(donny, { id: broker.id, timezone: broker.default_timezone }, { ...coupon, ends_at: null });
  }
}

/** Buys a plan for a profile with the cart of the actor and a card that is accepted. */
export async function buyPlan(
  ctx: PaymentContext,
  purchase: { profile_id: People['broker']['id']; plan: string; option: number },
): Promise<void> {
  if (ctx.actor.kind !== 'user') throw new Error('a purchase requires a user as its actor');
  const owner = { user_id: ctx.actor.user_id };
  await addToCart(ctx, owner, [{ plan: purchase.plan, option: purchase.option }]);
  await checkOut(ctx, purchase.profile_id, owner, { token: CARD, remember_card: true, cart_version: null });
}

/** Returns the purchases of xia: two running subscriptions, one that ended, and the documented charge. */
export function purchasesOfXia(ctx: PaymentContext, people: People, now: Date): { at: Date; run(): Promise<void> }[] {
  const xia = actAs(ctx, people.users.get('xia'));
  const profile = people.profiles.get('xia');
  if (!profile) throw new Error('xia has no profile');
  const purchase = (at: Date, plan: string, option: number) => ({
    at,
    run: () => buyPlan(xia, { profile_id: profile.id, plan, option }),
  });
  return [
    purchase(monthsBefore(now, 5), 'managed', 1),
    purchase(monthsBefore(now, 1), 'open-space', 1),
    { at: monthsBefore(now, 1), run: () => payDocumentedCharge(xia, people) },
    purchase(hoursBefore(now, 30), 'open-space', 1),
    purchase(hoursBefore(now, 29), 'basic', 2),
  ];
}

function hoursBefore(instant: Date, hours: number): Date {
  return new Date(instant.getTime() - hours * 3_600_000);
}

/** Pays two lines with the key and the amounts of the API documentation. */
async function payDocumentedCharge(xia: PaymentContext, people: People): Promise<void> {
  const at = xia.clock.now();
  const profile = people.profiles.get('xia');
  const plan = await findPlanBySlug(xia.db, 'open-space');
  const subscription = profile && plan ? await findSubscription(xia.db, profile.id, plan.id, at) : undefined;
  if (!profile || !plan || !subscription || xia.actor.kind !== 'user')
    throw new Error('xia is not subscribed to open-space');
  const { user_id } = xia.actor;
  const amount = documentedCharge.lines.reduce((sum, line) => sum + line, 0);
  const attempt = await inTransaction(xia.db, (tx) =>
    reserveAttempt(tx, {
      processors: xia.processors,
      profile_id: profile.id,
      created_by: user_id,
      amount,
      unit: 'usd',
      lines: [],
      description: 'Desks for a workshop',
      token: `tok_named_${documentedCharge.key}`,
      remember_card: false,
      at,
    }),
  );
  const outcome = await callProcessor(xia, attempt);
  if (!isAccepted(outcome)) throw new Error(`the demo's payment was ${outcome.outcome}`);
  await inTransaction(xia.db, async (tx) => {
    const entries = await postEvent(tx, {
      key: `demo:${documentedCharge.key}`,
      kind: 'order',
      at,
      entries: documentedCharge.lines.map((line, index) =>
        moveAmount({
          from: { profile_id: people.broker.id, account: accounts.receivable },
          to: { profile_id: profile.id, account: accounts.payable },
          amount: line,
          unit: 'usd',
          subject: subscriptionSubject(subscription.id),
          description: `Desks for a workshop, day ${index + 1}`,
        }),
      ),
    });
    await recordCharge(
      tx,
      attempt,
      outcome,
      entries.map((entry) => ({
        entry_id: entry.id,
        provider_id: people.broker.id,
        amount: entry.dest_amount,
        broker_fee_percent: 0,
      })),
      at,
    );
  });
}
