import type { App } from '#platform/http/app';
import { cardRoutes } from './cards/index.ts';
import { chargeRoutes, presentCharge, refreshCharge } from './charges/index.ts';
import { payoutRoutes } from './payouts/index.ts';
import { testProcessorDevRoutes } from './processors/index.ts';
import { findCharge } from './records/index.ts';
import { refundRoutes } from './refunds/index.ts';

export function paymentsRoutes(app: App): void {
  chargeRoutes(app);
  refundRoutes(app);
  cardRoutes(app);
  payoutRoutes(app);
}

/** Routes of the test processor, in development only. */
export function paymentsDevRoutes(app: App): void {
  testProcessorDevRoutes(app, async (ctx, processor_key) => {
    const charge = await findCharge(ctx.db, processor_key);
    return charge ? presentCharge(await refreshCharge(ctx, charge)) : null;
  });
}
