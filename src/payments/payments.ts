import type { DecideAccess } from '#platform/http/guards/access';
import type { Clock } from '#platform/clock';
import type { Db } from '#platform/db/database';
import type { Gauge, Histogram } from '#platform/http/replies/metrics';
import type { Room } from '#platform/room';
import { bankPages, bankPageTypes, keyRoutes, withdrawPages } from './bank/index.ts';
import { cardRoutes } from './cards/index.ts';
import { chargePages, chargePageTypes, sellerChargePages } from './charge-views/index.ts';
import { chargeRoutes, chargeRoutesOf2019, presentCharge } from './charges/index.ts';
import {
  accountDisconnected,
  cardRemoved,
  cardSaved,
  cardUpdated,
  chargeUpdated,
  fraudWarned,
  inquiryOpened,
  paymentRefused,
  paymentReturned,
  payoutFailed,
  processorKeyRefused,
  processorKeysReplaced,
} from './events.ts';
import {
  type EventInbox,
  makeEventInbox,
  takeProcessorEvent,
  webhookRoutes,
  type WebhookSecrets,
} from './intake/index.ts';
import { paymentsJobs } from './jobs.ts';
import { payoutPages, payoutPageTypes, payoutRoutes } from './payouts/index.ts';
import { CALL_BOUNDS_S, type Processors, processorDevRoutes } from './processors/index.ts';
import { makePolicyReports, policyReportRoutes } from './policy-report-routes.ts';
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
  const inbox = makeEventInbox(webhooks);
  const policy_reports = makePolicyReports(webhooks.clock);
  return {
    name: 'payments',
    routes(http) {
      chargeRoutes(http);
      chargeRoutesOf2019(http, decideAccess);
      refundRoutes(http, { processors, decideAccess });
      cardRoutes(http, processors);
      payoutRoutes(http, { processors, clock: webhooks.clock });
      keyRoutes(http, processors);
      webhookRoutes(http, { ...webhooks, processors, inbox });
      policyReportRoutes(http, policy_reports);
      if (!dev_routes) return;
      processorDevRoutes(http, async (ctx, request, processor_key) => {
        await takeProcessorEvent({ ...ctx, processors }, request);
        const charge = await findCharge(ctx.db, processor_key);
        return charge ? presentCharge(charge) : null;
      });
    },
    pages(http) {
      chargePages(http);
      sellerChargePages(http, ({ processor, ...dispute }) => processors.getByName(processor).disputePage(dispute));
      refundPages(http, processors);
      payoutPages(http);
      bankPages(http, processors);
      withdrawPages(http, processors);
    },
    page_types: [...chargePageTypes, ...refundPageTypes, ...payoutPageTypes, ...bankPageTypes],
    jobs: paymentsJobs(processors),
    events: [
      chargeUpdated,
      fraudWarned,
      inquiryOpened,
      cardUpdated,
      cardSaved,
      cardRemoved,
      payoutFailed,
      processorKeyRefused,
      processorKeysReplaced,
      accountDisconnected,
      paymentReturned,
      paymentRefused,
    ],
    gauges: [async () => [...processorGauges(processors), ...ignoredGauges(inbox), ...policy_reports.gauges()]],
    histograms: [() => [callHistogram(processors)]],
  };
}

function processorGauges({ chosen }: Processors): Gauge[] {
  return [
    {
      name: 'tollgate_processor_key_refused',
      help: '1 while the payment processor refuses the key of the site, so that no payment is possible.',
      value: chosen.setup?.isRefused() === true ? 1 : 0,
    },
    {
      name: 'tollgate_processor_paused',
      help: '1 while jobs of this process charge no card, because the payment processor takes no more calls.',
      value: chosen.pausedUntil() === null ? 0 : 1,
    },
  ];
}

/** Calls of this process to processors, since its start. */
function callHistogram({ all }: Processors): Histogram {
  return {
    name: 'tollgate_processor_call_duration_seconds',
    help: 'Calls of this process to payment processors; the status is none for a request without a response.',
    bounds: CALL_BOUNDS_S,
    series: all.flatMap((processor) => processor.callSeries()),
  };
}

/** Signed messages that were not stored, since the start of this process. */
function ignoredGauges(inbox: EventInbox): Gauge[] {
  const counts = inbox.ignoredCounts();
  const name = 'tollgate_processor_events_ignored';
  const since = 'since the start of this process.';
  return [
    {
      name: `${name}_unused`,
      help: `Messages of a type or mode that the site does not use, ${since}`,
      value: counts.unused,
    },
    {
      name: `${name}_endpoint`,
      help: `Messages that came to the endpoint of other accounts, ${since}`,
      value: counts.endpoint,
    },
    { name: `${name}_account`, help: `Messages about accounts that no provider has, ${since}`, value: counts.account },
  ];
}
