import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '#platform/http/app';
import { checkedField, type FormProblem, secretField, textField } from '#platform/http/forms';
import { targetOf } from '#platform/http/next';
import { paths } from '#platform/http/paths';
import { requireUser } from '../actor.ts';
import { findApiKeys } from '../api-keys/api-key-store.ts';
import { presentApiKey } from '../api-keys/present-api-key.ts';
import { changePassword } from '../credentials/change-password.ts';
import type { AccountsDeps } from '../hooks.ts';
import { UserParams } from '../schemas.ts';
import { giveCookie } from '../sessions/session-reply.ts';
import { readNewPassword } from '../verifications/pages.ts';
import { presentUser } from './present-user.ts';
import { requireSubject } from './require-subject.ts';
import { secretsToForm } from './secrets-form.ts';
import { updateMessage } from './routes.ts';
import { updateUser } from './update-user.ts';
import { isEmailVerified, type User } from './user.ts';

const selfPage = { access: { kind: 'self-only' }, page: true } as const;
const options = { config: selfPage, schema: { params: UserParams } };

export function userPages(app: App, deps: AccountsDeps): void {
  const { settings } = deps;

  app.get('/users/', { config: { access: { kind: 'authenticated' }, page: true } }, async (request, reply) =>
    reply.redirect(paths.user(requireUser(request.ctx).username), 302),
  );

  app.get('/users/:user/', options, async (request, reply) => showUser(reply, await requireSubject(request), null));

  app.post('/users/:user/', options, async (request, reply) => {
    const { ctx, body } = request;
    const user = await requireSubject(request);
    const form = {
      slug: textField(body, 'username', 150),
      full_name: textField(body, 'full_name', 100),
      nick_name: textField(body, 'nick_name', 60),
      email: textField(body, 'email', 254),
      phone: textField(body, 'phone', 50),
      email_code: textField(body, 'email_code', 32),
      phone_code: textField(body, 'phone_code', 32),
    };
    try {
      const update = await updateUser(ctx, deps, user, {
        ...form,
        slug: form.slug || undefined,
        full_name: form.full_name || undefined,
        email_code: form.email_code || undefined,
        phone_code: form.phone_code || undefined,
        password: secretField(body, 'password') || undefined,
        otp_code: textField(body, 'otp_code', 32) || undefined,
      });
      if (update.awaiting.length > 0) return await showUser(reply, update.user, null, form, update.awaiting);
      reply.flash('success', updateMessage(update));
      return await reply.redirect(paths.user(update.user.username), 303);
    } catch (error) {
      return showUser(reply, user, secretsToForm(error), form);
    }
  });

  app.get('/users/:user/password/', options, async (request, reply) =>
    showPassword(request, reply, deps, await requireSubject(request), null),
  );

  app.post('/users/:user/password/', options, async (request, reply) => {
    const { ctx, body } = request;
    const user = await requireSubject(request);
    try {
      const { session } = await changePassword(ctx, settings, {
        password: secretField(body, 'password') || undefined,
        otp_code: textField(body, 'otp_code', 32) || undefined,
        email_code: textField(body, 'email_code', 32) || undefined,
        new_password: readNewPassword(body),
        revoke_api_keys: checkedField(body, 'revoke_api_keys'),
      });
      if (session) giveCookie(reply, settings, session);
    } catch (error) {
      return showPassword(request, reply, deps, user, secretsToForm(error));
    }
    reply.flash('success', 'Your password was changed. You are signed out everywhere else.');
    return reply.redirect(targetOf(request, paths.user(user.username)), 303);
  });
}

async function showUser(
  reply: FastifyReply,
  user: User,
  problem: FormProblem | null,
  form: Record<string, unknown> | null = null,
  awaiting: readonly string[] = [],
): Promise<FastifyReply> {
  const { username, full_name, nick_name, email, phone } = user;
  const shown = form ? { ...form, username: form['slug'] } : { username, full_name, nick_name, email, phone };
  const data = {
    account: presentUser(user),
    needs_otp: user.otp_enabled,
    is_email_verified: isEmailVerified(user),
    form: shown,
    email_awaiting: awaiting.find((address) => address.includes('@')) ?? null,
    phone_awaiting: awaiting.find((address) => !address.includes('@')) ?? null,
    errors: problem?.errors ?? {},
    detail: problem?.detail ?? '',
  };
  return reply.page('users/index.html', data, statusOf(problem));
}

async function showPassword(
  request: FastifyRequest,
  reply: FastifyReply,
  { settings }: AccountsDeps,
  user: User,
  problem: FormProblem | null,
): Promise<FastifyReply> {
  const data = {
    account: presentUser(user),
    has_password: user.has_password,
    needs_otp: user.otp_enabled,
    api_keys: (await findApiKeys(request.ctx.db, user.id)).map(presentApiKey),
    password_length_min: settings.password_policy.min_length,
    form: {},
    errors: problem?.errors ?? {},
    detail: problem?.detail ?? '',
  };
  return reply.page('users/password.html', data, statusOf(problem));
}

/** A secret that is wrong is an error in a form; 401 would say that nobody is signed in. */
function statusOf(problem: FormProblem | null): number {
  if (problem === null) return 200;
  return problem.status === 401 ? 400 : problem.status;
}
