import assert from 'node:assert/strict';
import { importSale, reverse as reverseAdjustment, settleBalance } from '../model/adjustments.ts';
import type { Plan } from '../model/model.ts';
import { dueParts } from '../model/quote.ts';
import { type Command, pick } from './command.ts';

/** Writes off the balance of a payer on behalf of the broker, or records that it was paid elsewhere. */
export function settle(payer: string, kind: 'write_off' | 'offline_payment'): Command {
  return {
    text: `the broker settles the balance of ${payer} by ${kind}`,
    payers: [payer],
    expect(model) {
      // A seat that was settled without a charge cannot be claimed; the specification does not say whether it may.
      if (dueParts(model, payer).some(({ subject }) => subject.startsWith('seat'))) return null;
      return settleBalance(model, payer, kind);
    },
    send: (site) =>
      site.call(
        site.managerOf('cowork'),
        'DELETE',
        `/api/billing/${payer}/balance${kind === 'offline_payment' ? '?paid=1' : ''}`,
      ),
  };
}

/** Imports a sale of a plan that was paid elsewhere. */
export function importPayment(payer: string, plan: Plan, units: number): Command {
  return {
    text: `${plan.provider} imports ${units}.00 of ${payer} for ${plan.slug}`,
    payers: [payer],
    expect: (model) => importSale(model, payer, plan, units * 100),
    send(site) {
      const created_at = site.app.clock.now().toISOString();
      const body = { subscription: `${payer}:${plan.slug}`, created_at, amount: `${units}.00`, descr: 'Cheque' };
      return site.call(site.managerOf(plan.provider), 'POST', `/api/billing/${plan.provider}/transfers/import`, body);
    },
  };
}

/** Takes a write-off, an offline payment or an import back. */
export function reverse(drawn: number): Command {
  return {
    text: `adjustment ${drawn} is reversed`,
    payers: [],
    expect(model, { adjustments }) {
      const fact = pick(adjustments, drawn);
      if (!fact) return null;
      const adjustment = model.adjustments.find(({ key }) => key === fact.key);
      assert(adjustment, `the model has the adjustment ${fact.key}`);
      return reverseAdjustment(model, adjustment);
    },
    async send(site, { adjustments }) {
      const fact = pick(adjustments, drawn);
      if (!fact) return { status: 204, text: '' };
      const url = `/api/billing/${fact.provider}/adjustments/${fact.key}/reverse`;
      return site.call(site.managerOf(fact.provider), 'POST', url, {});
    },
  };
}
