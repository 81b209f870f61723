import { Type } from 'typebox';
import type { App } from '#platform/http/app';
import { passwordProblems } from '#platform/security/password';
import { throttleProblems } from '#platform/security/throttle';
import { accountsProblems } from '../problems.ts';
import {
  ActivateBody,
  CookieQuerystring,
  RecoverBody,
  RecoverQuerystring,
  RecoverReply,
  ResetBody,
  TokenReply,
  UserDetailSchema,
  VerificationKeyParams,
} from '../schemas.ts';
import { sendSessionCookie, isFlagSet, readSessionKind } from '../sessions/index.ts';
import type { AccountsDeps } from '../hooks.ts';
import { activateUser, findUsableLink } from './activate-user.ts';
import { presentLink } from './present-link.ts';
import { recoverAccess } from './recover-access.ts';
import { resetPassword } from './reset-password.ts';

const tags = ['auth'];
const access = { kind: 'public' } as const;

/** Operations to request a link, and to set or reset a password through it. */
// long: one registration per operation
export function recoveryRoutes(app: App, deps: AccountsDeps): void {
  const { settings } = deps;

  app.post(
    '/api/auth/recover',
    {
      config: { access, problems: [accountsProblems.authentication_disabled, throttleProblems.too_many_requests] },
      schema: {
        tags,
        summary: 'Sends a verification link',
        description: 'The response is the same for known and unknown addresses.',
        querystring: RecoverQuerystring,
        body: RecoverBody,
        response: { 201: RecoverReply },
      },
    },
    async (request, reply) => {
      const { email, username } = request.body;
      const address = email ?? username ?? '';
      await recoverAccess(request.ctx, settings, address, isFlagSet(request.query.noreset) ? 'code' : 'link');
      return reply.status(201).send({ email: address });
    },
  );

  app.get(
    '/api/auth/activate/:verification_key',
    {
      config: { access, problems: [accountsProblems.verification_unusable, throttleProblems.too_many_requests] },
      schema: {
        tags,
        summary: 'Retrieves the user of an activation key',
        description: 'Returns the fields of the user of a link, to fill a form. The link stays valid.',
        params: VerificationKeyParams,
        response: { 200: UserDetailSchema },
      },
    },
    async (request, reply) => {
      const link = await findUsableLink(request.ctx, settings, request.params.verification_key);
      if (!link) throw accountsProblems.verification_unusable();
      reply.header('cache-control', 'no-store');
      return presentLink(link);
    },
  );

  app.post(
    '/api/auth/activate/:verification_key',
    {
      config: {
        access,
        problems: [
          accountsProblems.verification_unknown,
          accountsProblems.sign_in_step_required,
          accountsProblems.code_wrong,
          accountsProblems.otp_locked,
          accountsProblems.authentication_disabled,
          throttleProblems.too_many_requests,
          passwordProblems.busy,
        ],
      },
      schema: {
        tags,
        summary: 'Activates a user',
        description:
          'Verifies the address of the link, sets the password and the missing fields, and opens a session. A first verification removes everything that was set up on the account before. The link works once.',
        params: VerificationKeyParams,
        querystring: CookieQuerystring,
        body: ActivateBody,
        response: { 201: TokenReply },
      },
    },
    async (request, reply) => {
      const kind = readSessionKind(request, request.query.cookie);
      const { slug, username, ...input } = request.body;
      const activation = { ...input, username: username ?? slug };
      const session = await activateUser(request.ctx, deps, request.params.verification_key, activation, kind);
      sendSessionCookie(reply, settings, session);
      return reply.status(201).send({ token: session.token });
    },
  );

  app.post(
    '/api/auth/reset/:verification_key',
    {
      config: { access, problems: [accountsProblems.verification_unknown, throttleProblems.too_many_requests] },
      schema: {
        tags,
        summary: 'Resets a user password',
        description:
          'Ends every session and sends a link that sets a new password; with new_password, sets that password instead.',
        params: VerificationKeyParams,
        // Clients may send no body.
        body: Type.Union([ResetBody, Type.Null()]),
        response: { 201: Type.Object({}) },
      },
    },
    async (request, reply) => {
      await resetPassword(request.ctx, deps, request.params.verification_key, request.body ?? {});
      return reply.status(201).send({});
    },
  );
}
