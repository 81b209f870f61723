import type { FastifyReply } from 'fastify';
import type { App } from '#platform/http/app';
import { type FormProblem, secretField, textField } from '#platform/http/forms';
import { targetOf } from '#platform/http/next';
import { paths } from '#platform/http/paths';
import type { AccountsDeps } from '../hooks.ts';
import { UserParams } from '../schemas.ts';
import { requireSubject } from '../users/require-subject.ts';
import { secretsToForm } from '../users/secrets-form.ts';
import type { User } from '../users/user.ts';
import { type FactorsSet, setFactors } from './set-factors.ts';

const options = {
  config: { access: { kind: 'self-only' }, page: true },
  schema: { params: UserParams, hide: true },
} as const;

/** The page where a user sets up a TOTP factor, and removes it. */
export function otpPages(app: App, { settings }: AccountsDeps): void {
  app.get('/users/:user/otp/', options, async (request, reply) => showOtp(reply, await requireSubject(request), null));

  app.post('/users/:user/otp/', options, async (request, reply) => {
    const { ctx, body } = request;
    const user = await requireSubject(request);
    const otp_enabled = textField(body, 'action', 10) !== 'disable';
    const otp_code = textField(body, 'otp_code', 32) || undefined;
    let outcome: FactorsSet;
    try {
      outcome = await setFactors(ctx, settings, {
        otp_enabled,
        password: secretField(body, 'password') || undefined,
        otp_code,
      });
    } catch (error) {
      return showOtp(reply, user, secretsToForm(error));
    }
    reply.header('cache-control', 'no-store');
    if (outcome.kind === 'enrolling') return showOtp(reply, user, null, outcome);
    const done =
      outcome.kind === 'enabled' ? 'Signing in asks for a code from now on.' : 'Your authenticator is removed.';
    reply.flash('success', done);
    return reply.redirect(targetOf(request, paths.user(user.username)), 303);
  });
}

async function showOtp(
  reply: FastifyReply,
  user: User,
  problem: FormProblem | null,
  enrolling: Extract<FactorsSet, { kind: 'enrolling' }> | null = null,
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
  const status = problem?.status === 401 ? 400 : (problem?.status ?? 200);
  return reply.page('users/otp.html', data, status);
}
