import type { FastifyReply } from 'fastify';
import type { Context } from '#platform/context';
import type { App } from '#platform/http/app';
import { checkedField, type FormProblem, problemToForm } from '#platform/http/forms';
import { targetOf } from '#platform/http/next';
import { paths } from '#platform/http/paths';
import { actorId } from '#platform/actor-id';
import { profileProblems } from '../problems.ts';
import { findAllAgreements, findSignature } from './agreement-store.ts';
import { agreementPage, agreementsPage, signPage } from './page-types.ts';
import { getAgreement } from './publish-agreement.ts';
import { type AgreementTemplates, renderAgreement } from './render-agreement.ts';
import { loadAgreementParties } from './routes.ts';
import { AgreementParams } from './schemas.ts';
import { signAgreement } from './sign-agreement.ts';

/** Registers the public pages of the agreements and the page on which a user signs one. */
export function agreementPages(app: App, templates: AgreementTemplates): void {
  const problems = [profileProblems.agreement_unknown];
  const config = { access: { kind: 'public' }, page: true } as const;
  app.get('/legal/', { config }, async ({ ctx }, reply) => {
    const agreements = await findAllAgreements(ctx.db);
    return reply.page(agreementsPage, {
      agreements: agreements.map((agreement) => ({ ...agreement, location: paths.legal(agreement.slug) })),
    });
  });
  app.get(
    '/legal/:agreement/',
    { config: { ...config, problems }, schema: { params: AgreementParams, hide: true } },
    async ({ ctx, params }, reply) => reply.page(agreementPage, await view(ctx, templates, params.agreement)),
  );
  signPages(app, templates);
}

function signPages(app: App, templates: AgreementTemplates): void {
  const options = {
    config: { access: { kind: 'authenticated' }, page: true, problems: [profileProblems.agreement_unknown] },
    schema: { params: AgreementParams, hide: true },
  } as const;
  const show = async (ctx: Context, reply: FastifyReply, slug: string, problem: FormProblem | null) => {
    const agreement = await getAgreement(ctx.db, slug);
    const user_id = actorId(ctx);
    const signature = user_id === null ? undefined : await findSignature(ctx.db, agreement.id, user_id);
    const data = await view(ctx, templates, slug);
    const shown = {
      ...data,
      signed_before: signature !== undefined,
      form: {},
      errors: problem?.errors ?? {},
      detail: problem?.detail ?? '',
    };
    return reply.page(signPage, shown, problem?.status ?? 200);
  };
  app.get('/legal/:agreement/sign/', options, async ({ ctx, params }, reply) =>
    show(ctx, reply, params.agreement, null),
  );
  app.post('/legal/:agreement/sign/', options, async (request, reply) => {
    const { ctx, params, body } = request;
    const user_id = actorId(ctx);
    if (user_id === null) throw new Error('the guard of this page admits users only');
    try {
      await signAgreement(ctx, user_id, params.agreement, checkedField(body, 'read_terms'));
    } catch (error) {
      return show(ctx, reply, params.agreement, problemToForm(error));
    }
    reply.flash('success', 'Thank you. Your agreement is on record.');
    return reply.redirect(targetOf(request, paths.home()), 303);
  });
}

async function view(ctx: Context, templates: AgreementTemplates, slug: string) {
  const agreement = await getAgreement(ctx.db, slug);
  return { agreement, page: renderAgreement(templates, agreement, await loadAgreementParties(ctx)) };
}
