import { Problem } from '#kernel/problem';
import { withdrawFunds } from '#payments';
import { randomKey40 } from '../../../src/platform/security/crypto.ts';
import type { Command } from './command.ts';

/** Pays funds of the broker out to its bank, which needs no connected account. The site has no operation of it. */
export function payOut(units: number): Command {
  const [amount, unit] = [units * 100, 'usd'];
  return {
    text: `the broker withdraws ${units}.00`,
    payers: [],
    expect(model) {
      const { books, broker, processor } = model;
      if (amount > books.balance(broker, 'Funds', unit)) return { status: 409, code: 'payout_exceeds_funds' };
      books.move([broker, 'Funds'], [processor, 'Withdraw'], amount, unit);
      return { status: 201 };
    },
    async send({ app }) {
      const ctx = await app.tollgate.makeContext('proof');
      const wanted = { amount, unit, key: randomKey40() };
      try {
        await withdrawFunds(ctx, ctx.site.broker_id, wanted);
        return { status: 201, text: '' };
      } catch (error) {
        if (error instanceof Problem) return { status: error.status, text: JSON.stringify({ code: error.code }) };
        throw error;
      }
    },
  };
}
