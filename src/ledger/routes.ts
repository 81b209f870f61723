import { transactionFields } from './transaction-store.ts';
import assert from 'node:assert/strict';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { isTimeZone } from '#kernel/instant';
import type { App } from '#platform/http/app';
import { type Access, sellersSeenBy } from '#platform/http/guards/access';
import { listQuerystring, SlugParam } from '#platform/http/schemas';
import { listProblems } from '#platform/db/list';
import { findProfileById, getBroker, type Profile } from '#profiles';
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

/** Lists of what is in the ledger. Instants given without a zone are read in the zone of the profile. */
export function ledgerRoutes(app: App): void {
  const lists = [
    [
      'balance',
      listBalance,
      { kind: 'provider' },
      'Lists what a profile owes',
      'Returns what the profile owes, by subscription, with the lines that make up the amount.',
    ],
    [
      'history',
      listHistory,
      { kind: 'provider' },
      'Lists what happened on the account of a subscriber',
      'Lists what was ordered, paid and refunded by the profile as a subscriber.',
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
      "Lists what moved a provider's funds",
      'Lists what moved the funds of the profile as a provider: payments, fees, refunds and payouts.',
    ],
  ] as const satisfies readonly (readonly [string, typeof listBalance, Access, string, string])[];
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
        const profile = await subjectOf(request);
        return list(request.ctx, profile.id, asked(request, profile));
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
      const broker = await getBroker(request.ctx.db, request.ctx.site);
      return listTransactions(request.ctx, request.query.selector ?? '', asked(request, broker));
    },
  );
}

async function subjectOf(request: FastifyRequest): Promise<Profile> {
  const { profile_id } = request.subject;
  assert(profile_id !== null, 'the guard of the route found the profile');
  const profile = await findProfileById(request.ctx.db, profile_id);
  assert(profile, 'the profile is still there');
  return profile;
}

function asked(request: FastifyRequest, { default_timezone }: Profile): ListRequest {
  return {
    list: request.list(isTimeZone(default_timezone) ? default_timezone : 'UTC'),
    url: request.listUrl,
    sellers: sellersSeenBy(request.subject),
  };
}
