import { isTimeZone } from '#kernel/instant';
import type { App } from '#platform/http/app';
import { listQuerystring } from '#platform/http/schemas';
import { listProblems } from '#platform/db/list';
import { getBroker } from '#profiles';
import { paymentsProblems } from '../problems.ts';
import { getSeenCharge, presentSeenCharge } from './seen-charge.ts';
import { chargeList } from './charge-list-store.ts';
import { listCharges } from './list-charges.ts';
import { ChargePage, ChargeParams, ChargeSchema, ReceiptCopySchema } from './schemas.ts';
import { sendReceipt } from './send-receipt.ts';

const { charge_unknown, charge_unpaid, receipt_address_absent } = paymentsProblems;

export function chargeRoutes(app: App): void {
  app.get(
    '/api/billing/charges',
    {
      config: { access: { kind: 'broker' }, problems: [listProblems.page_out_of_range] },
      schema: {
        tags: ['billing'],
        summary: 'Lists all charges',
        description: 'Lists the charges of all profiles, newest first.',
        querystring: listQuerystring(chargeList),
        response: { 200: ChargePage },
      },
    },
    async (request) => {
      const list = await request.listIn(async () => {
        const { default_timezone } = await getBroker(request.ctx.db, request.ctx.site);
        return isTimeZone(default_timezone) ? default_timezone : 'UTC';
      });
      return listCharges(request.ctx, list, request.listUrl);
    },
  );

  app.get(
    '/api/billing/:profile/charges/:charge',
    {
      config: { access: { kind: 'provider' }, problems: [charge_unknown] },
      schema: {
        tags: ['billing'],
        summary: 'Retrieves a charge',
        description: 'Returns a charge of the profile in its stored state.',
        params: ChargeParams,
        response: { 200: ChargeSchema },
      },
    },
    async (request) => presentSeenCharge(request, await getSeenCharge(request)),
  );

  app.post(
    '/api/billing/:profile/charges/:charge/email',
    {
      config: { access: { kind: 'provider' }, problems: [charge_unknown, charge_unpaid, receipt_address_absent] },
      schema: {
        tags: ['billing'],
        summary: 'Mails the receipt of a charge again',
        description: 'Sends the receipt of a charge to the e-mail address of the customer again.',
        params: ChargeParams,
        response: { 201: ReceiptCopySchema },
      },
    },
    async (request, reply) => {
      const charge = await getSeenCharge(request);
      const email = await sendReceipt(request.ctx, charge);
      reply.status(201);
      return { charge_id: charge.processor_key, email, detail: `A copy of the receipt was sent to ${email}.` };
    },
  );
}
