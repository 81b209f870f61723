import type { FastifyReply, FastifyRequest } from 'fastify';
import { invalidInput } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { type FormProblem, problemToForm, textField } from '#platform/http/forms';
import { targetOf } from '#platform/http/next';
import { paths } from '#platform/http/paths';
import { throttleProblems } from '#platform/security/throttle';
import { requireUser } from '../actor.ts';
import type { AccountsDeps } from '../hooks.ts';
import { accountsProblems } from '../problems.ts';
import { UserChangedSchema, UserParams, VerifyEmailBody } from '../schemas.ts';
import { presentUser } from '../users/present-user.ts';
import { requireSubject } from '../users/require-subject.ts';
import { findUserById } from '../users/user-store.ts';
import { isEmailVerified, type User } from '../users/user.ts';
import { requestEmailCode, verifyEmail } from './verify-email.ts';

export function verifyRoutes(app: App, deps: AccountsDeps): void {
  app.post(
    '/api/users/:user/verify',
    {
      config: {
        access: { kind: 'self-only' },
        problems: [
          accountsProblems.code_wrong,
          accountsProblems.no_address,
          accountsProblems.api_key_refused,
          throttleProblems.too_many_requests,
        ],
      },
      schema: {
        tags: ['users'],
        summary: 'Verifies the e-mail address of a user',
        description: 'Without email_code a code is sent to the address; with the code the address is verified.',
        params: UserParams,
        body: VerifyEmailBody,
        response: { 200: UserChangedSchema, 201: UserChangedSchema },
      },
    },
    async (request, reply) => {
      const { email_code, otp_code } = request.body ?? {};
      const user = await requireSubject(request);
      if (email_code === undefined) {
        await requestEmailCode(request.ctx, deps.settings, user);
        return reply.status(201).send({ ...presentUser(user), detail: 'A code was sent to your e-mail address.' });
      }
      const verified = await verifyEmail(request.ctx, deps, { email_code, otp_code });
      return reply.status(200).send({ ...presentUser(verified), detail: 'Your e-mail address is verified.' });
    },
  );
}

const page = { config: { access: { kind: 'authenticated' }, page: true }, schema: { hide: true } } as const;

/** The page where a signed-in user verifies the e-mail address: sends a code, then takes it. */
export function verifyPages(app: App, deps: AccountsDeps): void {
  app.get('/users/verify/', page, async (request, reply) => {
    const user = await callerOf(request);
    return showVerify(reply, user, null);
  });

  app.post('/users/verify/', page, async (request, reply) => {
    const { ctx, body } = request;
    const user = await callerOf(request);
    try {
      if (textField(body, 'action', 10) === 'send') {
        await requestEmailCode(ctx, deps.settings, user);
        return await showVerify(reply, user, null, { sent: true });
      }
      const email_code = textField(body, 'email_code', 32);
      if (email_code === '') throw invalidInput({ email_code: ['This field is required.'] });
      await verifyEmail(ctx, deps, { email_code, otp_code: textField(body, 'otp_code', 32) || undefined });
    } catch (error) {
      return showVerify(reply, user, problemToForm(error));
    }
    reply.flash('success', 'Your e-mail address is verified.');
    return reply.redirect(targetOf(request, paths.user(user.username)), 303);
  });
}

async function callerOf(request: FastifyRequest): Promise<User> {
  const user = await findUserById(request.ctx.db, requireUser(request.ctx).user_id);
  if (!user) throw new Error('a signed-in user has a row');
  return user;
}

async function showVerify(
  reply: FastifyReply,
  user: User,
  problem: FormProblem | null,
  { sent = false }: { sent?: boolean } = {},
): Promise<FastifyReply> {
  const data = {
    email: user.email,
    is_verified: isEmailVerified(user),
    sent,
    needs_otp: user.otp_enabled,
    form: {},
    errors: problem?.errors ?? {},
    detail: problem?.detail ?? '',
  };
  const status = problem?.status === 401 ? 400 : (problem?.status ?? 200);
  return reply.page('users/verify.html', data, status);
}
