import assert from 'node:assert/strict';
import type { Model } from '../model/model.ts';
import { closeDispute, failCharge, openDispute, payCharge, refund as refundCharge } from '../model/payments.ts';
import { decideAloud, decideSilently } from '../outside.ts';
import { type Command, type Expected, type Facts, pick } from './command.ts';

const nothing = { status: 204, text: '' };

function chargeOf(model: Model, key: string | undefined) {
  const charge = model.charges.find((each) => each.key === key);
  assert(charge, `the model has the charge ${key}`);
  return charge;
}

const open = ({ charges }: Facts) => charges.filter(({ state }) => state === 'created');

/** Decides an open charge. Without a message, the job finds the decision when the clock moves. */
export function decide(drawn: number, state: 'done' | 'failed', is_delivered: boolean): Command {
  return {
    text: `the processor decides open charge ${drawn} as ${state}${is_delivered ? '' : ' without a message'}`,
    payers: [],
    expect(model, facts) {
      const fact = pick(open(facts), drawn);
      if (!fact) return null;
      const charge = chargeOf(model, fact.key);
      if (model.terms.decides_once && charge.undelivered !== null) return null;
      if (!is_delivered) {
        charge.undelivered = state;
        return { status: 204 };
      }
      charge.undelivered = null;
      if (state === 'done') payCharge(model, charge);
      else failCharge(charge);
      return { status: 200 };
    },
    async send(site, facts) {
      const fact = pick(open(facts), drawn);
      if (!fact) return nothing;
      if (is_delivered) return decideAloud(site.app, fact.key, state);
      await decideSilently(site.app, fact.key, state);
      return nothing;
    },
  };
}

export interface WantedLine {
  num: number;
  /** Share of the line in percent; null for the rest. */
  percent: number | null;
}

/** Amount of a share, in whole units so that any currency allows it; at least one. */
const shareOf = (amount: number, percent: number) => Math.max(100, Math.floor((amount * percent) / 10_000) * 100);

/** Refunds lines of a charge on behalf of the broker. */
export function refund(drawn: number, wanted: readonly WantedLine[]): Command {
  const linesOf = (amounts: readonly number[]) => {
    const lines = new Map<number, number | null>();
    for (const { num, percent } of wanted) {
      const place = num % (amounts.length + (num > 6 ? 1 : 0));
      if (!lines.has(place)) lines.set(place, percent === null ? null : shareOf(amounts[place] ?? 0, percent));
    }
    return [...lines].map(([num, amount]) => ({ num, amount }));
  };
  return {
    text: `the broker refunds of charge ${drawn} ${wanted.map(({ num, percent }) => `line ${num}: ${percent ?? 'the rest'}`).join(', ')}`,
    payers: [],
    expect(model, { charges }): Expected | null {
      const fact = pick(charges, drawn);
      if (!fact) return null;
      const code = refundCharge(model, chargeOf(model, fact.key), linesOf(fact.amounts));
      if (code === null) return { status: 201 };
      return { status: code === 'charge_line_unknown' ? 404 : 405, code };
    },
    async send(site, { charges }) {
      const fact = pick(charges, drawn);
      if (!fact) return nothing;
      const lines = linesOf(fact.amounts).map(({ num, amount }) => ({
        num,
        ...(amount === null ? {} : { refunded_amount: amount }),
      }));
      const url = `/api/billing/${fact.customer}/charges/${fact.key}/refund`;
      return site.call(site.managerOf('cowork'), 'POST', url, { lines });
    },
  };
}

const disputable = ({ charges }: Facts) => charges.filter(({ state }) => state === 'done' || state === 'disputed');

/** Opens a dispute of a paid charge, or closes the open one; a repeated message changes nothing. */
export function dispute(drawn: number, outcome: 'won' | 'lost' | 'opened again'): Command {
  const decisionOf = (state: string) =>
    state === 'done' || outcome === 'opened again' ? ('disputed' as const) : outcome;
  return {
    text: `the dispute of charge ${drawn} is opened, or ${outcome}`,
    payers: [],
    expect(model, facts) {
      const fact = pick(disputable(facts), drawn);
      if (!fact) return null;
      const charge = chargeOf(model, fact.key);
      if (charge.is_lost) return null;
      const isOpenable = charge.state === 'done' && charge.lines.some(({ left }) => left.amount > 0);
      const isOpening = charge.state === 'done' || outcome === 'opened again';
      if (model.terms.decides_once && isOpening && !isOpenable) return null;
      const decision = decisionOf(charge.state);
      if (decision !== 'disputed') closeDispute(model, charge, decision);
      else if (charge.state === 'done') openDispute(model, charge);
      return { status: 200 };
    },
    async send(site, facts) {
      const fact = pick(disputable(facts), drawn);
      return fact ? decideAloud(site.app, fact.key, decisionOf(fact.state)) : nothing;
    },
  };
}
