import { Type } from 'typebox';
import { commonProblems } from '#kernel/problem';
import { inTransaction } from '#platform/db/database';
import type { App } from '#platform/http/app';
import { findCharge } from '../charge-store.ts';
import { presentCharge } from '../present-charge.ts';
import { refreshCharge } from '../refresh-charge.ts';
import { listTestProcessor, updateTestChargeState } from './test-processor-store.ts';

/** What a decision makes of a charge at the test processor. */
const states = { done: 'done', failed: 'failed', disputed: 'disputed', won: 'done', lost: 'failed' } as const;
const Decision = Type.Object({ state: Type.Enum(['done', 'failed', 'disputed', 'won', 'lost']) });

/**
 * The books of the test processor, and a hand to decide what it left open. Never registered in production.
 * Deciding tells us at once, as a webhook would.
 */
export function testProcessorDevRoutes(app: App): void {
  app.get(
    '/_dev/processor',
    { config: { access: { kind: 'public' } }, schema: { hide: true, summary: 'What the test processor holds' } },
    async (request) => {
      const { customers, charges, refunds } = await listTestProcessor(request.ctx.db);
      return { customers, charges, refunds, payouts: [] };
    },
  );

  app.post(
    '/_dev/processor/charges/:key',
    {
      config: { access: { kind: 'public' }, problems: [commonProblems.not_found] },
      schema: {
        hide: true,
        summary: 'Decides a charge at the test processor',
        params: Type.Object({ key: Type.String({ maxLength: 255 }) }),
        body: Decision,
      },
    },
    async (request) => {
      const { ctx } = request;
      const { key } = request.params;
      const state = states[request.body.state];
      const isKnown = await inTransaction(ctx.db, (tx) => updateTestChargeState(tx, key, state));
      if (!isKnown) throw commonProblems.not_found();
      const charge = await findCharge(ctx.db, key);
      return charge ? presentCharge(await refreshCharge(ctx, charge)) : { processor_key: key, state };
    },
  );
}
