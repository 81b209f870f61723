import type { FastifyReply, FastifyRequest } from 'fastify';
import { invalidInput } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { type FormProblem, problemToForm, secretField, textField } from '#platform/http/forms';
import { targetOf } from '#platform/http/next';
import { paths } from '#platform/http/paths';
import { requireUser } from '../actor.ts';
import type { AccountsDeps } from '../hooks.ts';
import { UserParams } from '../schemas.ts';
import { findUserById, isEmailVerified, presentUser, requireSubject, type User } from '../identity/index.ts';
import { formStatus, readSecretProblem } from '../factors/index.ts';
import { describeUpdate } from './describe-update.ts';
import { userPage, verifyEmailPage } from './page-types.ts';
import { updateUser } from './update-user.ts';
import { requestEmailCode, verifyEmail } from './verify-email.ts';

const selfPage = { access: { kind: 'self-only' }, page: true } as const;
const options = { config: selfPage, schema: { params: UserParams } };

const verifyPage = { config: { access: { kind: 'authenticated' }, page: true }, schema: { hide: true } } as const;

/** Pages of the signed-in user: the account, and the verification of the e-mail address. */
export function userPages(app: App, deps: AccountsDeps): void {
  app.get('/users/', { config: { access: { kind: 'authenticated' }, page: true } }, async (request, reply) =>
    reply.redirect(paths.user(requireUser(request.ctx).username), 302),
  );

  app.get('/users/:user/', options, async (request, reply) => showUser(reply, await requireSubject(request), null));

  app.post('/users/:user/', options, async (request, reply) => {
    const { ctx, body } = request;
    const user = await requireSubject(request);
    const form = {
      username: textField(body, 'username', 150),
      full_name: textField(body, 'full_name', 100),
      nick_name: textField(body, 'nick_name', 60),
      email: textField(body, 'email', 254),
      phone: textField(body, 'phone', 50),
    };
    try {
      const update = await updateUser(ctx, deps, user, {
        slug: form.username || undefined,
        full_name: form.full_name || undefined,
        nick_name: form.nick_name,
        email: form.email,
        phone: form.phone,
        email_code: textField(body, 'email_code', 32) || undefined,
        phone_code: textField(body, 'phone_code', 32) || undefined,
        password: secretField(body, 'password') || undefined,
        otp_code: textField(body, 'otp_code', 32) || undefined,
      });
      if (update.awaiting.length > 0) return await showUser(reply, update.user, null, form, update.awaiting);
      reply.flash('success', describeUpdate(update));
      return await reply.redirect(paths.user(update.user.username), 303);
    } catch (error) {
      return showUser(reply, user, readSecretProblem(error), form);
    }
  });

  app.get('/users/verify/', verifyPage, async (request, reply) => {
    const user = await getCaller(request);
    return showVerify(reply, user, null);
  });

  app.post('/users/verify/', verifyPage, async (request, reply) => {
    const { ctx, body } = request;
    const user = await getCaller(request);
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

/** Fields of the form, as stored or as sent. */
type UserForm = Pick<User, 'username' | 'full_name' | 'nick_name' | 'email' | 'phone'>;

async function showUser(
  reply: FastifyReply,
  user: User,
  problem: FormProblem | null,
  form: UserForm = user,
  awaiting: readonly string[] = [],
): Promise<FastifyReply> {
  const { username, full_name, nick_name, email, phone } = form;
  const data = {
    account: presentUser(user),
    needs_otp: user.otp_enabled,
    is_email_verified: isEmailVerified(user),
    delete_url: paths.deleteUser(user.username),
    picture_url: paths.userPicture(user.username),
    form: { username, full_name, nick_name, email, phone },
    email_awaiting: awaiting.find((address) => address.includes('@')) ?? null,
    phone_awaiting: awaiting.find((address) => !address.includes('@')) ?? null,
    errors: problem?.errors ?? {},
    detail: problem?.detail ?? '',
  };
  return reply.page(userPage, data, formStatus(problem));
}

async function getCaller(request: FastifyRequest): Promise<User> {
  const user = await findUserById(request.ctx.db, requireUser(request.ctx).user_id);
  if (!user) throw new Error('the signed-in user has no row');
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
  return reply.page(verifyEmailPage, data, formStatus(problem));
}
