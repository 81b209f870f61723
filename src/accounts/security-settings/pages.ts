import type { FastifyReply, FastifyRequest } from 'fastify';
import { mergeReads } from '#platform/db/merge-reads';
import type { App } from '#platform/http/app';
import { clearSessionCookie } from '#platform/http/cookies';
import { checkedField, type FormProblem, secretField, textField } from '#platform/http/forms';
import { targetOf } from '#platform/http/next';
import { paths } from '#platform/http/paths';
import { findApiKeys, findSshKey, presentApiKey, readNewPassword } from '../credentials/index.ts';
import type { AccountsDeps } from '../hooks.ts';
import { presentUser, requireSubject, type User } from '../identity/index.ts';
import { sendSessionCookie, signOut } from '../sessions/index.ts';
import type { AccountsSettings } from '../settings.ts';
import { changePassword } from './change-password.ts';
import { UserParams } from '../schemas.ts';
import { formStatus, readSecretProblem } from '../factors/index.ts';
import { passwordPage, totpPage } from './page-types.ts';
import { type FactorsOutcome, setFactors } from './set-factors.ts';

const options = {
  config: { access: { kind: 'self-only' }, page: true },
  schema: { params: UserParams, hide: true },
} as const;
const passwordOptions = {
  config: { access: { kind: 'self-only' }, page: true },
  schema: { params: UserParams },
} as const;

/** The pages where a user changes the password, and sets up or removes a TOTP factor. */
export function securityPages(app: App, { settings }: AccountsDeps): void {
  app.get('/users/:user/otp/', options, async (request, reply) => showOtp(reply, await requireSubject(request), null));

  app.post('/users/:user/otp/', options, async (request, reply) => {
    const { ctx, body } = request;
    const user = await requireSubject(request);
    const otp_enabled = textField(body, 'action', 10) !== 'disable';
    const otp_code = textField(body, 'otp_code', 32) || undefined;
    let outcome: FactorsOutcome;
    try {
      outcome = await setFactors(ctx, settings, {
        otp_enabled,
        password: secretField(body, 'password') || undefined,
        otp_code,
      });
    } catch (error) {
      return showOtp(reply, user, readSecretProblem(error));
    }
    reply.header('cache-control', 'no-store');
    if (outcome.kind === 'enrolling') return showOtp(reply, user, null, outcome);
    const done =
      outcome.kind === 'enabled'
        ? 'A code from your authenticator is now required to sign in.'
        : 'Your authenticator was removed.';
    reply.flash('success', done);
    return reply.redirect(targetOf(request, paths.user(user.username)), 303);
  });

  app.get('/users/:user/password/', passwordOptions, async (request, reply) =>
    showPassword(request, reply, settings, await requireSubject(request), null),
  );

  app.post('/users/:user/password/', passwordOptions, async (request, reply) => {
    const { ctx, body } = request;
    const user = await requireSubject(request);
    if (textField(body, 'action', 30) === 'sign_out_everywhere') {
      await signOut(ctx, { everywhere: true });
      clearSessionCookie(reply);
      return reply.flash('info', 'You are signed out everywhere.').redirect(paths.login(), 303);
    }
    try {
      const { session } = await changePassword(ctx, settings, {
        password: secretField(body, 'password') || undefined,
        otp_code: textField(body, 'otp_code', 32) || undefined,
        email_code: textField(body, 'email_code', 32) || undefined,
        new_password: readNewPassword(body),
        revoke_api_keys: checkedField(body, 'revoke_api_keys'),
      });
      if (session) sendSessionCookie(reply, settings, session);
    } catch (error) {
      return showPassword(request, reply, settings, user, readSecretProblem(error));
    }
    reply.flash('success', 'Your password was changed. You are signed out everywhere else.');
    return reply.redirect(targetOf(request, paths.user(user.username)), 303);
  });
}

async function showOtp(
  reply: FastifyReply,
  user: User,
  problem: FormProblem | null,
  enrolling: Extract<FactorsOutcome, { kind: 'enrolling' }> | null = null,
): Promise<FastifyReply> {
  const data = {
    otp_enabled: user.otp_enabled,
    has_password: user.has_password,
    priv_key: enrolling?.priv_key ?? null,
    provisioning_uri: enrolling?.provisioning_uri ?? null,
    form: {},
    errors: problem?.errors ?? {},
    detail: problem?.detail ?? '',
  };
  return reply.page(totpPage, data, formStatus(problem));
}

async function showPassword(
  request: FastifyRequest,
  reply: FastifyReply,
  settings: AccountsSettings,
  user: User,
  problem: FormProblem | null,
): Promise<FastifyReply> {
  const [api_keys, ssh_key] = await mergeReads(request.ctx.db, [
    (reader) => findApiKeys(reader, user.id),
    (reader) => findSshKey(reader, user.id),
  ]);
  const data = {
    account: presentUser(user),
    has_password: user.has_password,
    needs_otp: user.otp_enabled,
    api_keys: api_keys.map(presentApiKey),
    has_ssh_key: ssh_key !== undefined,
    keys_url: paths.userKeys(user.username),
    delete_url: paths.deleteUser(user.username),
    password_length_min: settings.password_policy.min_length,
    form: {},
    errors: problem?.errors ?? {},
    detail: problem?.detail ?? '',
  };
  return reply.page(passwordPage, data, formStatus(problem));
}
