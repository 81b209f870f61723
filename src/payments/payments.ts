import type { DecideAccess } from '#platform/http/guards/access';
import type { Clock } from '#platform/clock';
import type { Db } from '#platform/db/database';
import type { Room } from '#platform/room';
import { bankPages, bankPageTypes, withdrawPages } from './bank/index.ts';
import { cardRoutes } from './cards/index.ts';
import { chargePages, chargePageTypes, sellerChargePages } from './charge-views/index.ts';
import { chargeRoutes, chargeRoutesOf2019, presentCharge } from './charges/index.ts';
import { cardSaved, cardUpdated, chargeUpdated, payoutFailed } from './events.ts';
import { makeEventInbox, takeProcessorEvent, webhookRoutes, type WebhookSecrets } from './intake/index.ts';
import { paymentsJobs } from './jobs.ts';
import { payoutPages, payoutPageTypes, payoutRoutes } from './payouts/index.ts';
import { type Processors, processorDevRoutes } from './processors/index.ts';
import { findCharge } from './records/index.ts';
import { refundPages, refundPageTypes, refundRoutes } from './refunds/index.ts';

interface PaymentsNeeds {
  processors: Processors;
  /** Decides access to a charge by its customer, for routes that name the charge only. */
  decideAccess: DecideAccess;
  /** Registers the routes that decide open charges by hand. Never true in production. */
  dev_routes: boolean;
  webhooks: { db: Db; clock: Clock; secrets: WebhookSecrets };
}

/** Makes the room that charges cards, refunds charges and books both in the ledger. */
export function makePayments({ processors, decideAccess, dev_routes, webhooks }: PaymentsNeeds): Room {
  return {
    name: 'payments',
    routes(http) {
      chargeRoutes(http);
      chargeRoutesOf2019(http, decideAccess);
      refundRoutes(http, { processors, decideAccess });
      cardRoutes(http, processors);
      payoutRoutes(http, processors);
      webhookRoutes(http, { ...webhooks, processors, inbox: makeEventInbox(webhooks) });
      if (!dev_routes) return;
      processorDevRoutes(http, async (ctx, request, processor_key) => {
        await takeProcessorEvent({ ...ctx, processors }, request);
        const charge = await findCharge(ctx.db, processor_key);
        return charge ? presentCharge(charge) : null;
      });
    },
    pages(http) {
      chargePages(http);
      sellerChargePages(http);
      refundPages(http, processors);
      payoutPages(http);
      bankPages(http, processors);
      withdrawPages(http, processors);
    },
    page_types: [...chargePageTypes, ...refundPageTypes, ...payoutPageTypes, ...bankPageTypes],
    jobs: paymentsJobs(processors),
    events: [chargeUpdated, cardUpdated, cardSaved, payoutFailed],
  };
}
