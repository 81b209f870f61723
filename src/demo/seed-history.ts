import type { MovableClock } from '#platform/clock';
import type { PaymentContext } from '#payments';
import { inTransaction } from '#platform/db/database';
import { createOrganization, type Profile } from '#profiles';
import { type DemoCustomer, customers, plans } from './dataset.ts';
import { monthsBefore } from './months-before.ts';
import { actAs, type People } from './seed-people.ts';
import { buyPlan, purchasesOfXia } from './seed-sales.ts';

interface Purchase {
  at: Date;
  run(): Promise<void>;
}

/** Runs the purchases of all customers in chronological order, with the clock at the time of each. */
export async function seedHistory(ctx: PaymentContext, clock: MovableClock, people: People, now: Date): Promise<void> {
  const donny = actAs(ctx, people.users.get('donny'));
  const purchases: Purchase[] = [];
  for (const [index, customer] of customers.entries()) {
    let profile: Profile | null = null;
    for (const at of paymentDates(customer, index, now)) {
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
          await buyPlan(donny, { profile_id: profile.id, plan: customer.plan, option: customer.option });
        },
      });
    }
  }
  purchases.push(...purchasesOfXia(ctx, people, now));
  for (const purchase of purchases.toSorted((a, b) => a.at.getTime() - b.at.getTime())) {
    if (purchase.at > clock.now()) clock.set(purchase.at);
    await purchase.run();
  }
  if (now > clock.now()) clock.set(now);
}

/** Returns the instants at which a customer pays: on joining, then before each paid period ends, until it leaves. */
function paymentDates(customer: DemoCustomer, index: number, now: Date): Date[] {
  const plan = plans.find(({ slug }) => slug === customer.plan);
  const step = customer.option === 1 ? 1 : (plan?.advance?.[customer.option - 2]?.length ?? 1);
  const instants: Date[] = [];
  const months = customer.left === null ? customer.joined : Math.min(customer.left, customer.joined);
  for (let month = 0; month < months; month += step) {
    const at = monthsBefore(now, customer.joined - month);
    // Spread over the month; a renewal is paid 6 hours before the end of the paid period.
    at.setUTCHours(at.getUTCHours() + (index % 20) * 24 - (month > 0 ? 6 : 0));
    if (at < now) instants.push(at);
  }
  return instants;
}
