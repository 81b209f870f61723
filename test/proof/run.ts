import assert from 'node:assert/strict';
import fc from 'fast-check';
import { checkAgainstModel, snapshot } from './checks.ts';
import { add, empty, pay, redeem } from './commands/buy.ts';
import { decide, dispute, refund } from './commands/charges.ts';
import type { Command } from './commands/command.ts';
import { cancel, claim, grant, moveClock } from './commands/subscriptions.ts';
import type { Model } from './model/model.ts';
import { balances } from './model/quote.ts';
import type { Site } from './site.ts';

/** Counts of what a run did. */
export interface Tally {
  sequences: number;
  commands: number;
  refused: number;
  /** Commands by their first words. */
  kinds: Map<string, number>;
}

export const newTally = (): Tally => ({ sequences: 0, commands: 0, refused: 0, kinds: new Map() });

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

/** Gives commands one after the other, and compares the site with the model after each. */
export async function runSequence(
  { site, model }: { site: Site; model: Model },
  draws_given: readonly Draw[],
  tally: Tally,
): Promise<void> {
  const done: string[] = [];
  tally.sequences += 1;
  try {
    for (const draw of draws_given) {
      const { kind, commands } = draw(model);
      for (const command of commands) {
        done.push(command.text);
        await give(site, model, command, tally);
      }
      tally.kinds.set(kind, (tally.kinds.get(kind) ?? 0) + 1);
    }
    // Nothing stays open that a job of the next sequence would finish.
    await give(site, model, moveClock(12), tally);
    await checkAgainstModel(site, model, model.buyers);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\nafter:\n${done.join('\n')}`, {
      cause: error,
    });
  }
}

async function give(site: Site, model: Model, command: Command, tally: Tally): Promise<void> {
  const facts = { charges: await site.findCharges(model.buyers) };
  const expected = command.expect(model, facts);
  if (expected === null) return;
  const { status, code } = expected;
  const isRefused = status >= 400 && status < 500;
  const options = { is_declined: code === 'card_declined' };
  // Delivers the events of earlier commands, which the sending of a command may do too.
  if (isRefused) await site.app.tollgate.worker.drain();
  const before = isRefused ? await snapshot(site.app.db, options) : null;
  const reply = await command.send(site, facts);
  const body = reply.text.startsWith('{') ? (JSON.parse(reply.text) as { code?: string; processor_key?: string }) : {};
  assert.deepEqual([reply.status, body.code], [status, code], `${command.text}: ${reply.text.slice(0, 500)}`);
  if (before !== null)
    assert.deepEqual(await snapshot(site.app.db, options), before, `${command.text}: a refusal writes nothing`);
  if (expected.charge) expected.charge.key = body.processor_key ?? assert.fail('the response names the charge');
  await nameCharges(site, model);
  await checkAgainstModel(site, model, command.payers);
  tally.commands += 1;
  if (isRefused) tally.refused += 1;
}

/** Charges that a job booked get the keys that the site gave them. */
async function nameCharges(site: Site, model: Model): Promise<void> {
  if (model.charges.every(({ key }) => key !== '')) return;
  const known = new Set(model.charges.map(({ key }) => key));
  const found = (await site.findCharges(model.buyers)).filter(({ key }) => !known.has(key));
  for (const charge of model.charges.filter(({ key }) => key === '')) {
    const place_found = found.findIndex(({ customer }) => customer === charge.customer);
    const [fact] = found.splice(place_found, 1);
    assert(place_found >= 0 && fact, `the job booked a charge of ${charge.customer}`);
    charge.key = fact.key;
  }
}
