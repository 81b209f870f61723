import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '#platform/http/app';
import { checkedField, type FormProblem, problemToForm, textField } from '#platform/http/forms';
import { targetOf } from '#platform/http/next';
import { paths } from '#platform/http/paths';
import { countApiKeys, readNewPassword } from '../credentials/index.ts';
import { formStatus } from '../factors/index.ts';
import type { AccountsDeps } from '../hooks.ts';
import { unrefusedForm } from '../page-parts.ts';
import { VerificationKeyParams } from '../schemas.ts';
import { sendSessionCookie } from '../sessions/index.ts';
import { activateUser, findUsableLink, type UsableLink } from './activate-user.ts';
import { isFirstProof } from '../identity/index.ts';
import { linkPage, recoverPage } from './page-types.ts';
import { recoverAccess } from './recover-access.ts';

const publicPage = { access: { kind: 'public' }, page: true } as const;

/** Pages to request a link, and to set a password through it. */
export function recoveryPages(app: App, deps: AccountsDeps): void {
  const { settings } = deps;

  app.get('/recover/', { config: publicPage }, async (_request, reply) =>
    reply.page(recoverPage, { form: {}, ...unrefusedForm, sent: false }),
  );

  app.post('/recover/', { config: publicPage }, async (request, reply) => {
    const email = textField(request.body, 'email', 254);
    try {
      await recoverAccess(request.ctx, settings, email, 'link');
    } catch (error) {
      const { status, errors, detail } = problemToForm(error);
      return reply.page(recoverPage, { form: { email }, errors, detail, sent: false }, status);
    }
    return reply.page(recoverPage, { form: {}, ...unrefusedForm, sent: true });
  });

  // GET does not consume the link, since mail scanners open links.
  app.get(
    '/login/:verification_key/',
    { config: publicPage, schema: { params: VerificationKeyParams } },
    async (request, reply) => {
      const link = await findUsableLink(request.ctx, settings, request.params.verification_key);
      return showLink(request, reply, deps, link, null);
    },
  );

  app.post(
    '/login/:verification_key/',
    { config: publicPage, schema: { params: VerificationKeyParams } },
    async (request, reply) => {
      const { verification_key } = request.params;
      const { ctx, body } = request;
      try {
        const new_password = readNewPassword(body);
        const full_name = textField(body, 'full_name', 100) || undefined;
        const otp_code = textField(body, 'otp_code', 32) || undefined;
        const phone_code = textField(body, 'phone_code', 32) || undefined;
        const revoke_api_keys = checkedField(body, 'revoke_api_keys');
        const session = await activateUser(
          ctx,
          deps,
          verification_key,
          { new_password, full_name, otp_code, phone_code, revoke_api_keys },
          'cookie',
        );
        sendSessionCookie(reply, settings, session);
      } catch (error) {
        const problem = problemToForm(error);
        return showLink(request, reply, deps, await findUsableLink(ctx, settings, verification_key), problem);
      }
      reply.flash('success', 'Your password is set and you are signed in.');
      return reply.redirect(targetOf(request, paths.app()), 303);
    },
  );
}

async function showLink(
  request: FastifyRequest,
  reply: FastifyReply,
  { settings }: AccountsDeps,
  link: UsableLink | null,
  problem: FormProblem | null,
): Promise<FastifyReply> {
  // The URL of the page contains the key. The security headers send no referrer to other sites.
  reply.header('cache-control', 'no-store');
  if (!link) return reply.page(linkPage, { valid: false, form: {}, ...unrefusedForm }, 404);
  const errors = problem?.errors ?? {};
  // A first proof removes factors and API keys: the page neither requires nor lists them.
  const keepsFactors = link.user !== null && !isFirstProof(link.user, link.verification.channel);
  const data = {
    valid: true as const,
    email: link.verification.channel === 'email' ? link.verification.address : null,
    needs_name: (link.user?.full_name ?? '') === '',
    needs_password: true,
    needs_otp: keepsFactors && link.user?.otp_enabled === true,
    // The first refusal sends the code and names the field.
    needs_phone_code: 'phone' in errors || 'phone_code' in errors,
    has_api_keys: keepsFactors && link.user !== null && (await countApiKeys(request.ctx.db, link.user.id)) > 0,
    password_length_min: settings.password_policy.min_length,
    form: { full_name: textField(request.body, 'full_name', 100) },
    errors,
    detail: problem?.detail ?? '',
  };
  return reply.page(linkPage, data, formStatus(problem));
}
