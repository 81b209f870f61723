import type { FastifyReply, FastifyRequest } from 'fastify';
import { invalidInput, Problem } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { clearSessionCookie } from '#platform/http/cookies';
import { type FormProblem, problemToForm, secretField, textField } from '#platform/http/forms';
import { chosenOfferOf } from '#platform/pages/chosen-offer';
import { targetOf } from '#platform/http/next';
import { paths } from '#platform/http/paths';
import type { AccountsDeps } from '../hooks.ts';
import { accountsProblems } from '../problems.ts';
import { findAwaitedCode, parseCodeFieldName, removeCode } from './awaited-code.ts';
import { sendSessionCookie, signOut } from '../sessions/index.ts';
import { unsealStep, sealStep, type SignInStep } from './sign-in-step.ts';
import { codePage, signInDisabledPage, signInPage, signOutPage } from './page-types.ts';
import { finishSignIn, proveIdentity } from './sign-in.ts';

const publicPage = { access: { kind: 'public' }, page: true } as const;

/** Pages to sign in and out. */
export function signInPages(app: App, deps: AccountsDeps): void {
  app.get('/login/', { config: publicPage }, async (request, reply) => {
    if (request.ctx.actor.kind === 'user') return reply.redirect(targetOf(request, paths.app()), 302);
    return showSignIn(request, reply, deps, null);
  });

  app.post('/login/', { config: publicPage }, async (request, reply) => {
    let step: SignInStep | null = null;
    try {
      step = await readStep(request, deps);
      const session = await finishSignIn(request.ctx, deps, step.proven, step.codes, 'cookie');
      sendSessionCookie(reply, deps.settings, session);
    } catch (error) {
      return showNextStep(request, reply, deps, step, error);
    }
    return reply.redirect(targetOf(request, paths.app()), 303);
  });

  app.get('/logout/', { config: publicPage }, async (_request, reply) => reply.page(signOutPage, {}));

  app.post('/logout/', { config: publicPage }, async (request, reply) => {
    if (request.ctx.actor.kind === 'user') await signOut(request.ctx, { everywhere: false });
    clearSessionCookie(reply);
    reply.flash('info', 'You are signed out.');
    return reply.redirect(targetOf(request, paths.login()), 303);
  });
}

/** Reads a form: name and password, or the code that a sign-in waits for. */
async function readStep(request: FastifyRequest, { settings }: AccountsDeps): Promise<SignInStep> {
  const { ctx, body } = request;
  const sealed = textField(body, 'step', 4000);
  if (sealed !== '') {
    const step = await unsealStep(ctx, settings, sealed);
    if (!step) throw accountsProblems.credentials_mismatch({ detail: 'The sign-in timed out. Sign in again.' });
    const code = textField(body, 'code', 32);
    const field = parseCodeFieldName(textField(body, 'channel', 20));
    return { ...step, codes: code === '' ? step.codes : { ...step.codes, [field]: code } };
  }
  const username = textField(body, 'username', 254);
  const password = secretField(body, 'password');
  const missing = ['This field is required.'];
  if (username === '' || password === '') {
    throw invalidInput({
      ...(username === '' ? { username: missing } : {}),
      ...(password === '' ? { password: missing } : {}),
    });
  }
  return { proven: await proveIdentity(ctx, settings, { username, password }), codes: {} };
}

/** Shows the form for the required code, or the first form again. */
async function showNextStep(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: AccountsDeps,
  step: SignInStep | null,
  error: unknown,
): Promise<FastifyReply> {
  if (error instanceof Problem && error.code === accountsProblems.authentication_disabled.code) {
    return reply.page(signInDisabledPage, { reason: 'login' }, error.status);
  }
  const problem = problemToForm(error);
  const awaited = step === null ? null : findAwaitedCode(error);
  if (step === null || awaited === null) return showSignIn(request, reply, deps, problem);

  const sealed = sealStep(request.ctx, deps.settings, { ...step, codes: removeCode(step.codes, awaited.field) });
  const isRetry = awaited.messages.length > 0;
  const data = {
    step: sealed,
    channel: awaited.field,
    errors: isRetry ? { code: awaited.messages } : {},
    detail: '',
    form: {},
  };
  return reply.page(codePage, data, isRetry ? problem.status : 200);
}

async function showSignIn(
  request: FastifyRequest,
  reply: FastifyReply,
  { findChosenOffer }: AccountsDeps,
  problem: FormProblem | null,
): Promise<FastifyReply> {
  const data = {
    form: { username: textField(request.body, 'username', 254) },
    errors: problem?.errors ?? {},
    detail: problem?.detail ?? '',
    chosen: await chosenOfferOf(request, findChosenOffer),
    registration_enabled: request.ctx.site.authentication === 'enabled',
  };
  return reply.page(signInPage, data, problem?.status ?? 200);
}
