import type { FastifyRequest } from 'fastify';
import { isTimeZone } from '#kernel/instant';
import { commonProblems } from '#kernel/problem';
import type { App } from '#platform/http/app';
import type { DecideAccess } from '#platform/http/guards/access';
import { listQuerystring } from '#platform/http/schemas';
import { listProblems } from '#platform/db/list';
import { getBroker } from '#profiles';
import { paymentsProblems } from '../problems.ts';
import { getSeenCharge, presentSeenCharge } from './seen-charge.ts';
import { chargeList } from './charge-list-store.ts';
import { chargeOfPath } from './charge-of-path.ts';
import { listCharges } from './list-charges.ts';
import { ChargeKeyParams, ChargePage, ChargeParams, ChargeSchema, ReceiptCopySchema } from './schemas.ts';
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

  chargeOfCustomerRoutes(app);
}

const retrieval = {
  tags: ['billing'],
  summary: 'Retrieves a charge',
  description: 'Returns a charge of the profile in its stored state.',
  params: ChargeParams,
  response: { 200: ChargeSchema },
} as const;
const receipt_copy = {
  tags: ['billing'],
  summary: 'Mails the receipt of a charge again',
  description: 'Sends the receipt of a charge to the e-mail address of the customer again.',
  params: ChargeParams,
  response: { 201: ReceiptCopySchema },
} as const;
const receipt_problems = [charge_unknown, charge_unpaid, receipt_address_absent];

function chargeOfCustomerRoutes(app: App): void {
  app.get(
    '/api/billing/:profile/charges/:charge',
    { config: { access: { kind: 'provider' }, problems: [charge_unknown] }, schema: retrieval },
    async (request) => presentSeenCharge(request, await getSeenCharge(request)),
  );

  app.post(
    '/api/billing/:profile/charges/:charge/email',
    { config: { access: { kind: 'provider' }, problems: receipt_problems }, schema: receipt_copy },
    async (request, reply) => reply.status(201).send(await mailReceipt(request)),
  );
}

/** Routes of the API of 2019, which names a charge without its customer. */
export function chargeRoutesOf2019(app: App, decideAccess: DecideAccess): void {
  const preValidation = chargeOfPath(decideAccess, { kind: 'provider' });
  const access = { kind: 'active' } as const;
  app.get(
    '/api/billing/charges/:charge',
    {
      preValidation,
      config: { access, problems: [charge_unknown] },
      schema: {
        ...retrieval,
        hide: true,
        summary: 'Retrieves a charge by its key, as in the API of 2019',
        description: 'Returns a charge to its customer, to the sellers of its lines and to the broker.',
        params: ChargeKeyParams,
      },
    },
    async (request) => presentSeenCharge(request, await getSeenCharge(request)),
  );

  app.post(
    '/api/billing/charges/:charge/email',
    {
      preValidation,
      config: { access, problems: [...receipt_problems, commonProblems.permission_denied] },
      schema: {
        ...receipt_copy,
        hide: true,
        summary: 'Mails the receipt of a charge again, as in the API of 2019',
        params: ChargeKeyParams,
      },
    },
    async (request, reply) => reply.status(201).send(await mailReceipt(request)),
  );
}

async function mailReceipt(request: FastifyRequest<{ Params: { charge: string } }>) {
  const charge = await getSeenCharge(request);
  const email = await sendReceipt(request.ctx, charge);
  return { charge_id: charge.processor_key, email, detail: `A copy of the receipt was sent to ${email}.` };
}
