import { Type } from 'typebox';
import { commonProblems } from '#kernel/problem';
import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import type { App } from '#platform/http/app';
import { listTestProcessor, updateTestChargeState } from './test-processor-store.ts';

/** State of a charge at the test processor after each decision. */
const states = { done: 'done', failed: 'failed', disputed: 'disputed', won: 'done', lost: 'failed' } as const;
const Decision = Type.Object({ state: Type.Enum(['done', 'failed', 'disputed', 'won', 'lost']) });

/** Settles the charge that was decided, as a webhook would; returns it as the API presents it, or null if there is none. */
export type PresentDecided = (ctx: Context, processor_key: string) => Promise<Record<string, unknown> | null>;

/** Routes that list the rows of the test processor and decide its open charges. Registered in development only. */
export function testProcessorDevRoutes(app: App, presentDecided: PresentDecided): void {
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
      return (await presentDecided(ctx, key)) ?? { processor_key: key, state };
    },
  );
}
