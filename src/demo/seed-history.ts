import type { MovableClock } from '#platform/clock';
import type { PaymentContext } from '#payments';
import { inTransaction } from '#platform/db/database';
import { createOrganization, type Profile } from '#profiles';
import { type DemoCustomer, customers, plans } from './dataset.ts';
import { monthsBefore } from './months-before.ts';
import { as, type People } from './seed-people.ts';
import { buy, buyForXia } from './seed-sales.ts';

interface Purchase {
  at: Date;
  run(): Promise<void>;
}

/**
 * Lives through the months: customers join, pay again while they stay, and some leave. Everything in the order in which
 * it happened.
 */
export async function seedHistory(ctx: PaymentContext, clock: MovableClock, people: People, now: Date): Promise<void> {
  const donny = as(ctx, people.users.get('donny'));
  const purchases: Purchase[] = [];
  for (const [index, customer] of customers.entries()) {
    let profile: Profile | null = null;
    for (const at of paymentsOf(customer, index, now)) {
      purchases.push({
        at,
        run: async () => {
          profile ??= await inTransaction(ctx.db, (tx) =>
            createOrganization(
              tx,
              {
                slug: customer.slug,
                manager: null,
                fields: { full_name: customer.full_name, email: `billing@${customer.slug}.example.com`, country: 'US' },
              },
              ctx.clock.now(),
            ),
          );
          await buy(donny, { profile_id: profile.id, plan: customer.plan, option: customer.option });
        },
      });
    }
  }
  purchases.push(...buyForXia(ctx, people, now));
  for (const purchase of purchases.toSorted((a, b) => a.at.getTime() - b.at.getTime())) {
    if (purchase.at > clock.now()) clock.set(purchase.at);
    await purchase.run();
  }
  if (now > clock.now()) clock.set(now);
}

/** When a customer pays: on joining, then each time what was paid for runs out, until it leaves. */
function paymentsOf(customer: DemoCustomer, index: number, now: Date): Date[] {
  const plan = plans.find(({ slug }) => slug === customer.plan);
  const step = customer.option === 1 ? 1 : (plan?.advance?.[customer.option - 2]?.length ?? 1);
  const instants: Date[] = [];
  const months = customer.left === null ? customer.joined : Math.min(customer.left, customer.joined);
  for (let month = 0; month < months; month += step) {
    const at = monthsBefore(now, customer.joined - month);
    // Spread over the month; a renewal comes some hours before the end of what was paid for.
    at.setUTCHours(at.getUTCHours() + (index % 20) * 24 - (month > 0 ? 6 : 0));
    if (at < now) instants.push(at);
  }
  return instants;
}
