import type { FastifyRequest } from 'fastify';
import { isTimeZone } from '#kernel/instant';
import { commonProblems, invalidInput } from '#kernel/problem';
import type { ListQuery } from '#kernel/page';
import type { CreditId, ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { listProblems } from '#platform/db/list';
import type { App } from '#platform/http/app';
import { sellersSeenBy } from '#platform/http/guards/access';
import { intentKey } from '#platform/http/guards/idempotency';
import { listQuerystring } from '#platform/http/schemas';
import { paymentsProblems, type Processors } from '#payments';
import { findProfileById, findProfileBySlug } from '#profiles';
import { billingProblems } from '../problems.ts';
import { creditList } from './credit-list-store.ts';
import { giveCredit } from './give-credit.ts';
import { listCredits, presentLot } from './list-credits.ts';
import { getLot, payOutCredit } from './pay-out-credit.ts';
import { CreditPage, CreditParams, CreditSchema, GiftBody, LotParams, PayoutBody, PayoutReply } from './schemas.ts';

const tags = ['credit'];

/** Routes of the credit of a subscriber. Instants without a zone are read in the zone of the profile. */
export function creditRoutes(app: App, processors: Processors): void {
  creditsRoute(app);
  giveRoute(app);
  payoutRoute(app, processors);
}

function creditsRoute(app: App): void {
  app.get(
    '/api/billing/:profile/credits',
    {
      config: { access: { kind: 'provider' }, problems: [listProblems.page_out_of_range] },
      schema: {
        tags,
        summary: 'Lists the credit of a subscriber',
        description:
          'Lists what providers owe the profile in future service, newest first, with the sums that are left. Orders use it before a card.',
        params: CreditParams,
        querystring: listQuerystring(creditList),
        response: { 200: CreditPage },
      },
    },
    async (request) => {
      const profile_id = holderOf(request);
      return listCredits(request.ctx.db, profile_id, {
        list: await localList(request, profile_id),
        url: request.listUrl,
        sellers: sellersSeenBy(request.subject),
      });
    },
  );
}

function giveRoute(app: App): void {
  app.post(
    '/api/billing/:profile/credits',
    {
      config: { access: { kind: 'provider-only' }, problems: [commonProblems.permission_denied] },
      schema: {
        tags,
        summary: 'Gives credit to a subscriber',
        description:
          'Gives credit without a sale. It pays the next orders of the profile with the provider, and cannot be paid out. Send an Idempotency-Key, so that a retry gives nothing.',
        params: CreditParams,
        body: GiftBody,
        response: { 201: CreditSchema },
      },
    },
    async (request, reply) => {
      const { ctx, body } = request;
      const lot = await giveCredit(ctx, {
        profile_id: holderOf(request),
        provider_id: await readProvider(ctx.db, request, body.provider),
        amount: body.amount,
        unit: body.unit,
        descr: body.descr,
        request_key: intentKey(request, 'give credit'),
      });
      return reply.status(201).send(await presentLot(ctx.db, lot));
    },
  );
}

function payoutRoute(app: App, processors: Processors): void {
  app.post(
    '/api/billing/:profile/credits/:number/refund',
    {
      config: {
        access: { kind: 'provider-only' },
        problems: [
          billingProblems.credit_unknown,
          billingProblems.credit_not_refundable,
          paymentsProblems.charge_not_refundable,
          paymentsProblems.refund_exceeds_line,
          paymentsProblems.refund_exceeds_funds,
          paymentsProblems.refund_in_flight,
          paymentsProblems.refund_refused,
          paymentsProblems.processor_unreachable,
          paymentsProblems.processor_setup,
        ],
      },
      schema: {
        tags,
        summary: 'Pays out credit',
        description:
          'Refunds credit to the cards that paid for its source, the oldest charge first. Credit that was given, or paid elsewhere, cannot be paid out.',
        params: LotParams,
        body: PayoutBody,
        response: { 200: PayoutReply },
      },
    },
    async (request) => {
      const { ctx, body, params } = request;
      const wanted = {
        profile_id: holderOf(request),
        sellers: sellersSeenBy(request.subject),
        credit_id: Number(params.number) as CreditId,
      };
      const detail = await payOutCredit({ ...ctx, processors }, { ...wanted, amount: body.amount ?? null });
      return { detail, ...(await presentLot(ctx.db, await getLot(ctx.db, wanted))) };
    },
  );
}

/** Returns the holder of the credit: the profile of the address. */
export function holderOf({ subject }: Pick<FastifyRequest, 'subject'>): ProfileId {
  if (subject.profile_id === null) throw commonProblems.not_found();
  return subject.profile_id;
}

async function localList(request: FastifyRequest, profile_id: ProfileId): Promise<ListQuery> {
  return request.listIn(async () => {
    const profile = await findProfileById(request.ctx.db, profile_id);
    return profile && isTimeZone(profile.default_timezone) ? profile.default_timezone : 'UTC';
  });
}

/**
 * Returns the provider that gives credit: the named one, else the only one that the caller manages. The broker gives
 * in its own name unless it names a provider.
 * @throws invalid_input (400) naming `provider`, permission_denied (403)
 */
export async function readProvider(
  reader: Reader,
  { ctx, subject }: Pick<FastifyRequest, 'ctx' | 'subject'>,
  slug: string | undefined,
): Promise<ProfileId> {
  const sellers = sellersSeenBy(subject);
  if (slug === undefined) {
    const [only, ...others] = sellers ?? [ctx.site.broker_id];
    if (only === undefined) throw commonProblems.permission_denied();
    if (others.length > 0) throw invalidInput({ provider: ['Name the provider that gives the credit.'] });
    return only;
  }
  const provider = await findProfileBySlug(reader, slug);
  if (!provider?.is_provider) throw invalidInput({ provider: ['There is no such provider.'] });
  if (sellers !== null && !sellers.includes(provider.id)) throw commonProblems.permission_denied();
  return provider.id;
}
