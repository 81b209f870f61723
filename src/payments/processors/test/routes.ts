import { Type } from 'typebox';
import { commonProblems } from '#kernel/problem';
import type { Context } from '#platform/context';
import type { App } from '#platform/http/app';
import { randomKey40 } from '#platform/security/crypto';
import type { RequestHeaders } from '../event-intake.ts';
import { signTestEvent } from './test-intake.ts';
import { TEST_PROCESSOR } from './test-processor.ts';
import { decideCharge, decidePayout, decideRefund } from './decide-open-payment.ts';
import { findNewestTestPayouts, findTestPayout } from './test-payout-store.ts';
import { findTestRows } from './test-processor-store.ts';

/** State of a charge at the test processor after each decision. */
const states = { done: 'done', failed: 'failed', disputed: 'disputed', won: 'done', lost: 'lost' } as const;
const Decision = Type.Object({ state: Type.Enum(['done', 'failed', 'disputed', 'won', 'lost']) });

/** A webhook request as the test processor sends it. */
export interface TestDelivery {
  processor: string;
  raw: Buffer;
  headers: RequestHeaders;
  secrets: readonly string[];
}

/** Takes a webhook request; returns the charge that it concerns, as the API presents it; null if it concerns none. */
export type Deliver = (
  ctx: Context,
  delivery: TestDelivery,
  processor_key: string,
) => Promise<Record<string, unknown> | null>;

/**
 * Routes that list the rows of the test processor and decide its open charges, refunds and payouts. Registered in
 * development only. A decision is delivered as a signed webhook request.
 */
export function processorDevRoutes(app: App, deliver: Deliver): void {
  const secret = randomKey40();
  const send = (ctx: Context, type: string, key: string, account = '') => {
    const event = { id: `evt_${randomKey40()}`, type, object: key, account };
    const request = signTestEvent(event, secret, ctx.clock.now());
    return deliver(ctx, { processor: TEST_PROCESSOR, secrets: [secret], ...request }, key);
  };

  app.get(
    '/_dev/processor',
    { config: { access: { kind: 'public' } }, schema: { hide: true, summary: 'Rows of the test processor' } },
    async (request) => {
      const { customers, charges, refunds } = await findTestRows(request.ctx.db);
      return { customers, charges, refunds, payouts: await findNewestTestPayouts(request.ctx.db) };
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
      const isFound = await decideCharge(ctx, key, state);
      if (!isFound) throw commonProblems.not_found();
      return (await send(ctx, 'charge.updated', key)) ?? { processor_key: key, state };
    },
  );

  app.post(
    '/_dev/processor/charges/:key/refund',
    {
      config: { access: { kind: 'public' }, problems: [commonProblems.not_found] },
      schema: {
        hide: true,
        summary: 'Decides the pending refund of a charge at the test processor',
        params: Type.Object({ key: Type.String({ maxLength: 255 }) }),
        body: Type.Object({ state: Type.Enum(['succeeded', 'failed']) }),
      },
    },
    async (request) => {
      const { ctx } = request;
      const { key } = request.params;
      const isFound = await decideRefund(ctx, key, request.body.state);
      if (!isFound) throw commonProblems.not_found();
      return (await send(ctx, 'charge.refunded', key)) ?? { processor_key: key };
    },
  );

  decidePayoutRoute(app, send);
}

type Send = (ctx: Context, type: string, key: string, account: string) => Promise<unknown>;

function decidePayoutRoute(app: App, send: Send): void {
  app.post(
    '/_dev/processor/payouts/:key',
    {
      config: { access: { kind: 'public' }, problems: [commonProblems.not_found] },
      schema: {
        hide: true,
        summary: 'Decides a payout at the test processor',
        params: Type.Object({ key: Type.String({ maxLength: 255 }) }),
        body: Type.Object({ state: Type.Enum(['paid', 'failed']) }),
      },
    },
    async (request) => {
      const { ctx } = request;
      const { key } = request.params;
      const isFound = await decidePayout(ctx, key, request.body.state);
      const payout = await findTestPayout(ctx.db, { processor_key: key });
      if (!isFound || !payout) throw commonProblems.not_found();
      await send(ctx, 'payout.updated', key, payout.account);
      return { processor_key: key, state: request.body.state };
    },
  );
}
