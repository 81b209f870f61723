import { transactionFields } from './transaction-store.ts';
import assert from 'node:assert/strict';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { isTimeZone } from '#kernel/instant';
import type { App } from '#platform/http/app';
import { type Access, sellersSeenBy } from '#platform/http/guards/access';
import { listQuerystring, SlugParam } from '#platform/http/schemas';
import { listProblems } from '#platform/db/list';
import type { ProfileId } from '#platform/db/db-schema';
import { findProfileById } from '#profiles';
import {
  listBalance,
  listHistory,
  listReceivables,
  listTransactions,
  listTransfers,
  type ListRequest,
} from './list-transactions.ts';
import { TransactionPage } from './schemas.ts';

const ProfileParams = Type.Object({ profile: SlugParam });
const TransactionsQuerystring = Type.Object({
  ...listQuerystring(transactionFields).properties,
  selector: Type.Optional(Type.String({ maxLength: 255, description: 'Part of the name of an account' })),
});

/** Lists of one profile: last segment of the path, verb, access, summary, description. */
const lists = [
  [
    'balance',
    listBalance,
    { kind: 'provider' },
    'Lists the unpaid orders of a profile',
    'Returns the amount that the profile owes, with the unpaid orders that make it up.',
  ],
  [
    'history',
    listHistory,
    { kind: 'provider' },
    'Lists the history of a subscriber',
    'Lists the orders, payments and refunds of the profile as a subscriber.',
  ],
  [
    'receivables',
    listReceivables,
    { kind: 'direct' },
    'Lists the sales of a provider',
    'Lists the sales of the profile as a provider, paid or not.',
  ],
  [
    'transfers',
    listTransfers,
    { kind: 'direct' },
    'Lists the transfers of a provider',
    'Lists the entries on the funds of the profile as a provider: payments, fees, refunds and payouts.',
  ],
] as const satisfies readonly (readonly [string, typeof listBalance, Access, string, string])[];

/** Registers the lists of the ledger. Instants without a zone are read in the zone of the profile. */
export function ledgerRoutes(app: App): void {
  for (const [name, list, access, summary, description] of lists) {
    app.get(
      `/api/billing/:profile/${name}`,
      {
        config: { access, problems: [listProblems.page_out_of_range] },
        schema: {
          tags: ['billing'],
          summary,
          description,
          params: ProfileParams,
          querystring: listQuerystring(transactionFields),
          response: { 200: TransactionPage },
        },
      },
      async (request) => {
        const { profile_id } = request.subject;
        assert(profile_id !== null, 'the route requires a profile');
        return list(request.ctx, profile_id, await readListRequest(request, profile_id));
      },
    );
  }

  app.get(
    '/api/billing/transactions',
    {
      config: { access: { kind: 'broker' }, problems: [listProblems.page_out_of_range] },
      schema: {
        tags: ['billing'],
        summary: 'Lists the whole ledger',
        description: 'Lists all entries of the ledger, newest first.',
        querystring: TransactionsQuerystring,
        response: { 200: TransactionPage },
      },
    },
    async (request) => {
      const listed = await readListRequest(request, request.ctx.site.broker_id);
      return listTransactions(request.ctx, request.query.selector ?? '', listed);
    },
  );
}

async function readListRequest(request: FastifyRequest, profile_id: ProfileId): Promise<ListRequest> {
  const findTimezone = async () => {
    const profile = await findProfileById(request.ctx.db, profile_id);
    return profile && isTimeZone(profile.default_timezone) ? profile.default_timezone : 'UTC';
  };
  return {
    list: await request.listIn(findTimezone),
    url: request.listUrl,
    sellers: sellersSeenBy(request.subject),
  };
}
