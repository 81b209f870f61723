import assert from 'node:assert/strict';
import fc from 'fast-check';
import { importPayment, reverse, settle } from './commands/adjust.ts';
import { add, empty, pay, redeem } from './commands/buy.ts';
import { decide, dispute, refund } from './commands/charges.ts';
import type { Command } from './commands/command.ts';
import { collect, payByLink, payLater } from './commands/links.ts';
import { payOut } from './commands/payouts.ts';
import { cancel, claim, grant, moveClock } from './commands/subscriptions.ts';
import type { Model } from './model/model.ts';
import { balances } from './model/quote.ts';

/** A drawn command: it becomes a command of a site when it is given. */
export type Draw = (model: Model) => { kind: string; commands: Command[] };

const place = fc.nat({ max: 30 });
const fates = fc.constantFrom(
  'accepted',
  'accepted',
  'accepted',
  'accepted',
  'pending',
  'pending',
  'declined',
  'lost',
  'unreachable',
);

function of<T>(list: readonly T[], drawn: number): T {
  const chosen = list[drawn % list.length];
  assert(chosen !== undefined);
  return chosen;
}

/** Mostly the buyer; sometimes another buyer, or a person without a verified address. */
const recipient = fc.oneof({ weight: 5, arbitrary: fc.constant(null) }, { weight: 2, arbitrary: place });

function recipientOf({ buyers, people }: Model, drawn: number | null): string | null {
  if (drawn === null) return null;
  return of(
    [...buyers.filter((buyer) => ![...people.values()].includes(buyer)), ...people.keys(), ...people.keys()],
    drawn,
  );
}

const addDraw = fc.record({ buyer: place, plan: place, option: fc.integer({ min: 1, max: 3 }), recipient });
type AddDraw = typeof addDraw extends fc.Arbitrary<infer T> ? T : never;

function addOf(model: Model, drawn: AddDraw): Command {
  const plan = of(model.plans, drawn.plan);
  const option = 1 + (drawn.option % (1 + plan.advance.length));
  return add(of(model.buyers, drawn.buyer), plan, option, recipientOf(model, drawn.recipient));
}

const draws: readonly { weight: number; kind: string; draw: fc.Arbitrary<(model: Model) => Command[]> }[] = [
  { weight: 3, kind: 'add', draw: addDraw.map((drawn) => (model) => [addOf(model, drawn)]) },
  {
    weight: 6,
    kind: 'subscribe',
    draw: fc
      .record({ item: addDraw, coupon: fc.option(place), fate: fates })
      .map(({ item, coupon, fate }) => (model) => {
        const buyer = of(model.buyers, item.buyer);
        return [
          addOf(model, item),
          ...(coupon === null ? [] : [redeem(buyer, of(model.coupons, coupon))]),
          pay(buyer, fate),
        ];
      }),
  },
  {
    weight: 2,
    kind: 'redeem',
    draw: fc.tuple(place, place).map(([buyer, coupon]) => (model) => [
      redeem(of(model.buyers, buyer), of(model.coupons, coupon)),
    ]),
  },
  { weight: 1, kind: 'empty', draw: place.map((buyer) => (model) => [empty(of(model.buyers, buyer))]) },
  {
    weight: 3,
    kind: 'pay',
    draw: fc.tuple(place, fates).map(([buyer, fate]) => (model) => [pay(of(model.buyers, buyer), fate)]),
  },
  {
    weight: 2,
    kind: 'pay balance',
    draw: fc.tuple(place, fates).map(([drawn, fate]) => (model) => {
      const owing = model.buyers.filter((buyer) => balances(model, buyer).length > 0);
      return owing.length === 0 ? [] : [pay(of(owing, drawn), fate)];
    }),
  },
  {
    weight: 2,
    kind: 'settle balance',
    draw: fc
      .tuple(place, fc.constantFrom('write_off' as const, 'offline_payment' as const))
      .map(([drawn, kind]) => (model) => {
        const owing = model.buyers.filter((buyer) => balances(model, buyer).length > 0);
        return [settle(of(owing.length === 0 ? model.buyers : owing, drawn), kind)];
      }),
  },
  {
    weight: 2,
    kind: 'import',
    draw: fc.tuple(place, place, fc.integer({ min: 1, max: 90 })).map(([drawn, other, units]) => (model) => {
      const { profile, plan } = model.subscriptions[drawn % Math.max(model.subscriptions.length, 1)] ?? {
        profile: of(model.buyers, drawn),
        plan: '',
      };
      return [importPayment(profile, model.plans.find(({ slug }) => slug === plan) ?? of(model.plans, other), units)];
    }),
  },
  {
    weight: 3,
    kind: 'pay later',
    draw: addDraw.map((drawn) => (model) => {
      const plan = of(model.plans, drawn.plan);
      return [payLater(of(model.buyers, drawn.buyer), plan, 1 + (drawn.option % (1 + plan.advance.length)))];
    }),
  },
  {
    weight: 2,
    kind: 'pay by link',
    draw: fc.tuple(place, fates).map(([drawn, fate]) => () => [payByLink(drawn, fate)]),
  },
  {
    weight: 1,
    kind: 'collect link',
    draw: fc
      .tuple(place, fc.constantFrom('write_off' as const, 'offline_payment' as const))
      .map(([drawn, kind]) => () => [collect(drawn, kind)]),
  },
  { weight: 1, kind: 'pay out', draw: fc.integer({ min: 1, max: 120 }).map((units) => () => [payOut(units)]) },
  { weight: 2, kind: 'reverse', draw: place.map((drawn) => () => [reverse(drawn)]) },
  {
    weight: 3,
    kind: 'decide',
    draw: fc
      .tuple(place, fc.constantFrom('done' as const, 'failed' as const), fc.boolean())
      .map(([drawn, state, is_delivered]) => () => [decide(drawn, state, is_delivered)]),
  },
  {
    weight: 3,
    kind: 'refund',
    draw: fc
      .tuple(
        place,
        fc.array(fc.record({ num: fc.nat({ max: 7 }), percent: fc.option(fc.integer({ min: 1, max: 120 })) }), {
          minLength: 1,
          maxLength: 2,
        }),
      )
      .map(([drawn, lines]) => () => [refund(drawn, lines)]),
  },
  {
    weight: 2,
    kind: 'dispute',
    draw: fc
      .tuple(place, fc.constantFrom('won' as const, 'won' as const, 'lost' as const, 'opened again' as const))
      .map(([drawn, outcome]) => () => [dispute(drawn, outcome)]),
  },
  {
    weight: 1,
    kind: 'cancel',
    draw: fc.tuple(place, place).map(([buyer, plan]) => (model) => [
      cancel(of(model.buyers, buyer), of(model.plans, plan)),
    ]),
  },
  {
    weight: 1,
    kind: 'grant',
    draw: fc.tuple(place, place).map(([plan, buyer]) => (model) => [
      grant(of(model.plans, plan), of(model.buyers, buyer)),
    ]),
  },
  {
    weight: 3,
    kind: 'claim',
    draw: fc.tuple(place, place).map(([person, drawn]) => (model) => {
      const claims = model.claims.filter(({ seats }) => seats.length > 0);
      const email = claims.length === 0 ? of([...model.people.keys()], person) : of(claims, person).email;
      return [claim(email, model.people.get(email) ?? assert.fail(), drawn)];
    }),
  },
  {
    weight: 2,
    kind: 'clock',
    draw: fc
      .constantFrom(12, 12, 12, 26 * 60, 26 * 60, 481 * 60, 984 * 60)
      .map((minutes) => () => [moveClock(minutes)]),
  },
];

/** A command of any kind. A new operation joins by one entry of `draws`. */
export const anyDraw: fc.Arbitrary<Draw> = fc.oneof(
  ...draws.map(({ weight, kind, draw }) => ({
    weight,
    arbitrary: draw.map((make): Draw =>
      Object.assign((model: Model) => ({ kind, commands: make(model) }), { toString: () => kind }),
    ),
  })),
);
