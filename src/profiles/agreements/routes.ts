import { inputProblems } from '#kernel/problem';
import type { Context } from '#platform/context';
import type { App } from '#platform/http/app';
import { putAndPatch } from '#platform/http/put-and-patch';
import { listQuerystring } from '#platform/http/schemas';
import { actorId } from '#platform/actor-id';
import { profileProblems } from '../problems.ts';
import { getBroker, type Profile, profileName } from '../records/index.ts';
import { NoContent } from '../schemas.ts';
import { agreementList, findAgreementWithBroker, listAgreements } from './agreement-store.ts';
import type { Agreement } from './agreement.ts';
import { publishAgreement, reviseAgreement, withdrawAgreement } from './publish-agreement.ts';
import { type AgreementParties, type AgreementTemplates, renderAgreement } from './render-agreement.ts';
import {
  AgreementCreateBody,
  AgreementPage,
  AgreementParams,
  AgreementSchema,
  AgreementUpdateBody,
  AgreementWithText,
  DocumentParams,
  SignBody,
  SignReply,
} from './schemas.ts';
import { signAgreement } from './sign-agreement.ts';

const { agreement_unknown, agreement_protected, agreement_declined } = profileProblems;

/** Registers the API of agreements: the broker edits them, visitors read them, users sign them. */
export function agreementRoutes(app: App, templates: AgreementTemplates): void {
  brokerRoutes(app, templates);
  legalRoutes(app, templates);
}

/** Loads the parties that the texts name. */
export async function loadAgreementParties(ctx: Context): Promise<AgreementParties> {
  return toParties(ctx, await getBroker(ctx.db, ctx.site));
}

function toParties(ctx: Context, broker: Pick<Profile, 'slug' | 'full_name' | 'email'>): AgreementParties {
  return {
    broker: { printable_name: profileName(broker), email: broker.email },
    site: { title: ctx.site.title, url: ctx.origin },
  };
}

// long: declares five routes with their schemas
function brokerRoutes(app: App, templates: AgreementTemplates): void {
  const access = { kind: 'broker' } as const;
  app.get(
    '/api/agreements',
    {
      config: { access },
      schema: {
        tags: ['profile'],
        summary: 'Lists agreements',
        description: 'Lists the agreements of the site with the date of their last change.',
        querystring: listQuerystring(agreementList),
        response: { 200: AgreementPage },
      },
    },
    async (request) => presentPage(await listAgreements(request.ctx.db, request.list(), request.listUrl)),
  );
  app.post(
    '/api/agreements',
    {
      config: { access, problems: [inputProblems.invalid_input] },
      schema: {
        tags: ['profile'],
        summary: 'Creates an agreement',
        description: 'Creates an agreement. A rule with operator 2 asks users to sign it.',
        body: AgreementCreateBody,
        response: { 201: AgreementSchema },
      },
    },
    async (request, reply) =>
      reply.status(201).send(presentAgreement(await publishAgreement(request.ctx, request.body))),
  );
  app.get(
    '/api/agreements/:document',
    {
      config: { access, problems: [agreement_unknown] },
      schema: {
        tags: ['profile'],
        summary: 'Retrieves an agreement',
        description: 'Returns an agreement with its text.',
        params: DocumentParams,
        response: { 200: AgreementWithText },
      },
    },
    async ({ ctx, params }) => presentAgreementNamed(ctx, templates, params.document),
  );
  putAndPatch(
    app,
    '/api/agreements/:document',
    {
      config: { access, problems: [inputProblems.invalid_input, agreement_unknown] },
      schema: {
        tags: ['profile'],
        summary: 'Updates an agreement',
        description: 'Changes an agreement. Users who signed before `updated_at` are asked to sign again.',
        params: DocumentParams,
        body: AgreementUpdateBody,
        response: { 200: AgreementWithText },
      },
    },
    async ({ ctx, params, body }) => presentWithText(ctx, templates, await reviseAgreement(ctx, params.document, body)),
  );
  app.delete(
    '/api/agreements/:document',
    {
      config: { access, problems: [agreement_unknown, agreement_protected] },
      schema: {
        tags: ['profile'],
        summary: 'Deletes an agreement and its signatures',
        description: 'Deletes an agreement with all its signatures. The agreements that every site has stay.',
        params: DocumentParams,
        response: { 204: NoContent },
      },
    },
    async ({ ctx, params }, reply) => {
      await withdrawAgreement(ctx, params.document);
      return reply.status(204).send(null);
    },
  );
}

function legalRoutes(app: App, templates: AgreementTemplates): void {
  const access = { kind: 'public' } as const;
  app.get(
    '/api/legal',
    {
      config: { access },
      schema: {
        tags: ['profile'],
        summary: 'Lists agreements to sign',
        description: 'Lists the agreements that users may be asked to sign.',
        querystring: listQuerystring(agreementList),
        response: { 200: AgreementPage },
      },
    },
    async (request) => presentPage(await listAgreements(request.ctx.db, request.list(), request.listUrl)),
  );
  app.get(
    '/api/legal/:agreement',
    {
      config: { access, problems: [agreement_unknown] },
      schema: {
        tags: ['profile'],
        summary: 'Retrieves the text of an agreement',
        description: 'Returns the text of an agreement and when the caller signed it last.',
        params: AgreementParams,
        response: { 200: AgreementWithText },
      },
    },
    async ({ ctx, params }) => presentAgreementNamed(ctx, templates, params.agreement),
  );
  app.post(
    '/api/legal/:agreement/sign',
    {
      config: {
        access: { kind: 'authenticated' },
        problems: [inputProblems.invalid_input, agreement_unknown, agreement_declined],
      },
      schema: {
        tags: ['profile'],
        summary: 'Signs an agreement',
        description: 'Records that the caller agrees to the current version of the text.',
        params: AgreementParams,
        body: SignBody,
        response: { 200: SignReply },
      },
    },
    async ({ ctx, params, body }) => {
      const user_id = actorId(ctx);
      if (user_id === null) throw new Error('the guard of this route admits users only');
      const signed_at = await signAgreement(ctx, user_id, params.agreement, body.read_terms);
      return { read_terms: true, last_signed: signed_at.toISOString() };
    },
  );
}

function presentAgreement({ slug, title, updated_at }: Agreement) {
  return { slug, title, updated_at: updated_at.toISOString() };
}

function presentPage<T extends { results: Agreement[] }>(page: T) {
  return { ...page, results: page.results.map(presentAgreement) };
}

async function presentAgreementNamed(ctx: Context, templates: AgreementTemplates, slug: string) {
  const found = await findAgreementWithBroker(ctx.db, slug, ctx.site.broker_id);
  if (!found) throw agreement_unknown();
  return presentText(templates, found.agreement, toParties(ctx, found.broker));
}

async function presentWithText(ctx: Context, templates: AgreementTemplates, agreement: Agreement) {
  return presentText(templates, agreement, await loadAgreementParties(ctx));
}

function presentText(templates: AgreementTemplates, agreement: Agreement, parties: AgreementParties) {
  const text = renderAgreement(templates, agreement, parties);
  return { ...presentAgreement(agreement), text: text?.toString() ?? '' };
}
