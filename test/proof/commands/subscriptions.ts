import { addPeriods } from '../model/calendar.ts';
import { finishReservations, newSubject } from '../model/checkout.ts';
import { cartOf, type Claim, type Model, type Plan, running } from '../model/model.ts';
import { failCharge, payCharge } from '../model/payments.ts';
import { isOpen } from '../model/quote.ts';
import type { Command, Expected } from './command.ts';

/** Ends the subscriptions of a buyer to a plan now. */
export function cancel(buyer: string, plan: Plan): Command {
  return {
    text: `${buyer} cancels ${plan.slug}`,
    payers: [buyer],
    expect(model) {
      for (const subscription of model.subscriptions) {
        const { profile, plan: slug, ends_at, created_at } = subscription;
        if (profile === buyer && slug === plan.slug && ends_at > model.now)
          subscription.ends_at = Math.max(created_at, model.now);
      }
      return { status: 204 };
    },
    send: (site) => site.call(buyer, 'DELETE', `/api/profile/${buyer}/subscriptions/${plan.slug}`),
  };
}

/** Grants a plan period to a buyer on behalf of the provider. */
export function grant(plan: Plan, buyer: string): Command {
  return {
    text: `${plan.provider} grants ${plan.slug} to ${buyer}`,
    payers: [buyer],
    expect(model) {
      if (running(model, buyer, plan, model.now)) return { status: 200 };
      const ends_at = addPeriods(model.now, plan.period_length, plan.period_type);
      const subject = newSubject(model, 'sub');
      model.subscriptions.push({ profile: buyer, plan: plan.slug, created_at: model.now, ends_at, subject });
      return { status: 201 };
    },
    send(site) {
      const url = `/api/profile/${plan.provider}/plans/${plan.slug}/subscriptions`;
      const body = { profile: { slug: buyer, full_name: 'Buyer' } };
      return site.call(site.managerOf(plan.provider), 'POST', url, body);
    },
  };
}

/** Redeems one of the codes that were sent to an address. */
export function claim(email: string, user: string, drawn: number): Command {
  return {
    text: `${user} claims seat ${drawn} of ${email}`,
    payers: [user],
    expect(model) {
      const claims = model.claims.filter((each) => each.email === email);
      const chosen = claims[drawn % Math.max(claims.length, 1)];
      return chosen ? claimSeats(model, chosen, user) : null;
    },
    async send(site) {
      const codes = await site.codesFor(email);
      const code = codes[drawn % Math.max(codes.length, 1)];
      if (code === undefined) return { status: 204, text: '' };
      // Only the verified owner of the address may claim. Verified for good, the next seat would be an ordinary gift.
      await site.verify(email, true);
      const reply = await site.call(user, 'POST', '/api/cart/redeem', { code });
      await site.verify(email, false);
      return reply;
    },
  };
}

function claimSeats(model: Model, chosen: Claim, user: string): Expected {
  const isTaken = ({ item, claimed_by }: Claim['seats'][number]) => item !== null || claimed_by !== null;
  const free = chosen.seats.filter((seat) => isOpen(seat) && !isTaken(seat));
  if (free.length === 0) {
    if (cartOf(model, user).some(({ seat }) => seat?.claim === chosen)) return { status: 200 };
    if (chosen.seats.some(isTaken)) return { status: 409, code: 'claim_used' };
  }
  if (chosen.expires_at <= model.now) return { status: 409, code: 'claim_expired' };
  if (!chosen.seats.some(isOpen)) {
    const isUnpaid = chosen.seats.some(({ debts }) =>
      debts.some(({ amount, charge }) => amount > 0 && charge?.state !== 'created' && charge?.state !== 'done'),
    );
    return { status: 409, code: isUnpaid ? 'claim_unpaid' : 'claim_refunded' };
  }
  for (const seat of free) {
    seat.item = { plan: seat.plan, option: 0, sync_on: null, coupon: null, seat, is_ordered: false };
    model.carts.get(user)?.push(seat.item);
  }
  return { status: 200 };
}

/** Moves the clock; the jobs finish what is open. */
export function moveClock(minutes: number): Command {
  return {
    text: `the clock moves by ${minutes} minutes`,
    payers: [],
    expect(model) {
      const from = model.now;
      model.now += minutes * 60_000;
      finishReservations(model, from);
      for (const charge of model.charges) {
        const { delay_ms } = model.terms;
        if (charge.state === 'created' && delay_ms !== null && charge.at + delay_ms <= model.now)
          charge.undelivered ??= 'done';
        if (charge.undelivered === 'done') payCharge(model, charge);
        if (charge.undelivered === 'failed') failCharge(charge);
        charge.undelivered = null;
      }
      return { status: 204 };
    },
    async send(site) {
      await site.moveClock(minutes * 60_000);
      return { status: 204, text: '' };
    },
  };
}
