import type { App } from '#platform/http/app';
import { passwordProblems } from '#platform/security/password';
import { throttleProblems } from '#platform/security/throttle';
import type { AccountsDeps } from '../hooks.ts';
import { accountsProblems } from '../problems.ts';
import { CookieQuerystring, SignInBody, TokenReply } from '../schemas.ts';
import { sendSessionCookie, readSessionKind } from '../sessions/index.ts';
import { signIn } from './sign-in.ts';

/** Operation that signs a user in. */
export function signInRoutes(app: App, deps: AccountsDeps): void {
  app.post(
    '/api/auth',
    {
      config: {
        access: { kind: 'public' },
        problems: [
          accountsProblems.credentials_mismatch,
          accountsProblems.sign_in_step_required,
          accountsProblems.code_wrong,
          accountsProblems.otp_locked,
          accountsProblems.authentication_disabled,
          throttleProblems.too_many_requests,
          passwordProblems.busy,
        ],
      },
      schema: {
        tags: ['auth'],
        summary: 'Authenticates a user',
        description:
          'Verifies a user name, e-mail address or phone number with a password, a one-time code and further factors, and opens a session. If a factor is missing, the response is 401 and names the field to send next. The token belongs to the session and becomes invalid at sign-out.',
        querystring: CookieQuerystring,
        body: SignInBody,
        response: { 201: TokenReply },
      },
    },
    async (request, reply) => {
      const kind = readSessionKind(request, request.query.cookie);
      const { code, ...input } = request.body;
      const session = await signIn(request.ctx, deps, { ...input, otp_code: input.otp_code ?? code }, kind);
      sendSessionCookie(reply, deps.settings, session);
      return reply.status(201).send({ token: session.token });
    },
  );
}
