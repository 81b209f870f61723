import type { FastifyRequest } from 'fastify';
import { commonProblems } from '#kernel/problem';
import { isTimeZone } from '#kernel/instant';
import { ChargeSchema, paymentsProblems, presentCharge, type Processors } from '#payments';
import type { ProfileId } from '#platform/db/db-schema';
import type { App } from '#platform/http/app';
import { sellersSeenBy, type Subject } from '#platform/http/guards/access';
import { intentKey } from '#platform/http/guards/idempotency';
import { putAndPatch } from '#platform/http/put-and-patch';
import { listQuerystring } from '#platform/http/schemas';
import { findProfileById } from '#profiles';
import { billingProblems } from '../problems.ts';
import { listPayerCases, listProviderCases, payerCaseList, providerCaseList } from './case-list-store.ts';
import { changeTerms, loadTerms, type ProviderTerms } from './change-terms.ts';
import type { DunningSettings } from './dunning-terms.ts';
import { presentCases, presentProviderCases } from './present-cases.ts';
import { retryDunning } from './retry-dunning.ts';
import {
  CasePage,
  ProfileParams,
  ProviderCasePage,
  RetryBody,
  StateFilter,
  TermsBody,
  TermsSchema,
} from './schemas.ts';
import { Type } from 'typebox';

const tags = ['credit'];

/** Routes about charges that failed: the payer's cases and retry, and the list of the provider. */
// long: three operations
export function dunningRoutes(
  app: App,
  { processors, dunning }: { processors: Processors; dunning: DunningSettings },
): void {
  app.get(
    '/api/billing/:profile/dunning',
    {
      config: { access: { kind: 'provider' } },
      schema: {
        tags,
        summary: 'Lists the dunning cases of a profile',
        description:
          'Lists what the profile owes on subscriptions after a charge of the card on file failed, newest case first. A provider sees its own cases.',
        params: ProfileParams,
        querystring: Type.Object({ ...listQuerystring(payerCaseList).properties, ...StateFilter }),
        response: { 200: CasePage },
      },
    },
    async (request) => {
      const { ctx, subject, query } = request;
      const list = await request.listIn(() => findTimezone(request));
      const page = await listPayerCases(ctx.db, subjectId(subject), sellersSeenBy(subject), {
        list,
        url: request.listUrl,
        state: query.state ?? null,
      });
      return { ...page, results: await presentCases(ctx.db, page.results) };
    },
  );

  app.post(
    '/api/billing/:profile/dunning/retry',
    {
      config: {
        access: { kind: 'direct' },
        problems: [
          billingProblems.dunning_unknown,
          billingProblems.dunning_retried,
          billingProblems.charge_pending,
          billingProblems.payment_unknown,
          paymentsProblems.card_declined,
          paymentsProblems.processor_refused,
          paymentsProblems.card_save_unknown,
          paymentsProblems.payment_method_absent,
          paymentsProblems.action_required,
        ],
      },
      schema: {
        tags,
        summary: 'Charges what is due after a failed charge',
        description:
          'Charges what the profile owes in its open dunning cases to the card on file, or to a new card, which then stays on file. At most once an hour. Responds with `null` when nothing is due any more.',
        params: ProfileParams,
        body: Type.Union([RetryBody, Type.Null()]),
        response: { 200: Type.Union([ChargeSchema, Type.Null()]) },
      },
    },
    async (request) => {
      const { ctx, subject, body } = request;
      const token = body?.processor_token ?? null;
      const charge = await retryDunning(
        { ...ctx, processors, dunning },
        subjectId(subject),
        token === null || token === '' ? null : { token, key: intentKey(request, 'card') },
      );
      return charge && presentCharge(charge);
    },
  );

  app.get(
    '/api/profile/:profile/subscribers/dunning',
    {
      config: { access: { kind: 'direct' } },
      schema: {
        tags: ['subscriptions'],
        summary: 'Lists subscribers with a failed charge',
        description: 'Lists the dunning cases of the subscribers of a provider, newest first.',
        params: ProfileParams,
        querystring: Type.Object({ ...listQuerystring(providerCaseList).properties, ...StateFilter }),
        response: { 200: ProviderCasePage },
      },
    },
    async (request) => {
      const { ctx, subject, query } = request;
      const list = await request.listIn(() => findTimezone(request));
      const page = await listProviderCases(ctx.db, subjectId(subject), {
        list,
        url: request.listUrl,
        state: query.state ?? null,
      });
      return { ...page, results: await presentProviderCases(ctx.db, page.results) };
    },
  );
  termsRoutes(app, dunning);
}

/** Routes of the rules that a provider sets for charges that fail. */
function termsRoutes(app: App, dunning: DunningSettings): void {
  const url = '/api/profile/:profile/dunning-terms';
  const schema = { tags: ['subscriptions'], params: ProfileParams, response: { 200: TermsSchema } };
  app.get(
    url,
    {
      config: { access: { kind: 'direct' } },
      schema: {
        ...schema,
        summary: 'Retrieves the rules for failed charges',
        description:
          'Returns the rules that apply to subscribers of the provider whose charge fails: its own where it set them, else those of the site.',
      },
    },
    async ({ ctx, subject }) => presentTerms(await loadTerms(ctx.db, dunning, subjectId(subject))),
  );
  putAndPatch(
    app,
    url,
    {
      config: { access: { kind: 'direct', manages: true } },
      schema: {
        ...schema,
        summary: 'Changes the rules for failed charges',
        description:
          'Sets rules of the provider; `null` takes the setting of the site, a field that is left out keeps its value. Cases that are open keep the rules of their first failed charge.',
        body: TermsBody,
      },
    },
    async ({ ctx, subject, body }) => presentTerms(await changeTerms(ctx, dunning, subjectId(subject), body)),
  );
}

function presentTerms({ terms, own }: ProviderTerms) {
  const { retry_days, ...others } = terms;
  const named = Object.entries(own).flatMap(([name, value]) => (value === null ? [] : [name]));
  return { ...others, retry_days: [...retry_days], own: named };
}

function subjectId({ profile_id }: Subject): ProfileId {
  if (profile_id === null) throw commonProblems.not_found();
  return profile_id;
}

async function findTimezone({ ctx, subject }: FastifyRequest): Promise<string> {
  const profile = await findProfileById(ctx.db, subjectId(subject));
  return profile && isTimeZone(profile.default_timezone) ? profile.default_timezone : 'UTC';
}
