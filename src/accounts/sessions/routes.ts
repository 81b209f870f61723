import type { App } from '#platform/http/app';
import { clearSessionCookie } from '#platform/http/cookies';
import { accountsProblems } from '../problems.ts';
import { EmptyBody, NoContent, LogoutQuerystring, TokenBody, TokenReply } from '../schemas.ts';
import { renewToken, verifyToken } from './renew-token.ts';
import { isFlagSet } from './session-reply.ts';
import type { AccountsDeps } from '../hooks.ts';
import { signOut } from './sign-out.ts';

const tags = ['auth'];

/** Operations on the session and tokens of the caller. */
// long: one registration per operation
export function userSessionRoutes(app: App, { settings }: AccountsDeps): void {
  app.post(
    '/api/auth/logout',
    {
      config: { access: { kind: 'authenticated' }, problems: [accountsProblems.api_key_refused] },
      schema: {
        tags,
        summary: 'Logs a user out',
        description:
          'Ends the session of the caller, or every session of the user. Its tokens and cookie become invalid immediately. With an API key, `everywhere` is refused.',
        querystring: LogoutQuerystring,
        response: { 200: EmptyBody },
      },
    },
    async (request, reply) => {
      await signOut(request.ctx, { everywhere: isFlagSet(request.query.everywhere) });
      clearSessionCookie(reply);
      return reply.status(200).send();
    },
  );

  app.delete(
    '/api/auth/tokens',
    {
      config: { access: { kind: 'authenticated' } },
      schema: {
        tags,
        summary: 'Logs a user out',
        description: 'Ends the session of the caller. The 2019 API signs out with this operation.',
        response: { 204: NoContent },
      },
    },
    async (request, reply) => {
      await signOut(request.ctx, { everywhere: false });
      clearSessionCookie(reply);
      return reply.status(204).send(null);
    },
  );

  app.post(
    '/api/auth/tokens',
    {
      config: {
        access: { kind: 'authenticated' },
        problems: [
          accountsProblems.token_invalid,
          accountsProblems.token_of_another_user,
          accountsProblems.token_renewal_over,
        ],
      },
      schema: {
        tags,
        summary: 'Refreshes a JSON Web Token',
        description: 'Returns a token of the same session that expires later, up to a limit counted from the sign-in.',
        body: TokenBody,
        response: { 201: TokenReply },
      },
    },
    async (request, reply) => {
      const token = await renewToken(request.ctx, settings, request.body.token);
      return reply.status(201).send({ token });
    },
  );

  app.post(
    '/api/auth/tokens/verify',
    {
      config: { access: { kind: 'authenticated' }, problems: [accountsProblems.token_invalid] },
      schema: {
        tags,
        summary: 'Verifies a JSON Web Token',
        description: 'Returns the token if it is valid and belongs to the caller; refuses it otherwise.',
        body: TokenBody,
        response: { 200: TokenReply },
      },
    },
    async (request) => {
      await verifyToken(request.ctx, settings, request.body.token);
      return { token: request.body.token };
    },
  );
}
