import { Type } from 'typebox';
import { inputProblems } from '#kernel/problem';
import type { AccountsSettings } from '#accounts';
import type { App } from '#platform/http/app';
import { setSessionCookie } from '#platform/http/cookies';
import { requireSameOrigin } from '#platform/http/guards/csrf';
import { throttleProblems } from '#platform/security/throttle';
import { profileProblems } from '../problems.ts';
import { parseFlag } from '../subject.ts';
import { register } from './register.ts';
import { RegisterBody } from './schemas.ts';

export function registrationRoutes(app: App, settings: AccountsSettings): void {
  app.post(
    '/api/auth/register',
    {
      config: {
        access: { kind: 'public' },
        problems: [
          inputProblems.invalid_input,
          profileProblems.registration_disabled,
          throttleProblems.too_many_requests,
        ],
      },
      schema: {
        tags: ['auth'],
        summary: 'Registers a new user',
        description:
          'Creates a user, with a personal profile or an organization when `type` names one, and opens a session. The address is not verified yet: a message with a link is sent to it.',
        querystring: Type.Object({
          cookie: Type.Optional(Type.String({ description: '1 also signs the browser in' })),
        }),
        body: RegisterBody,
        response: { 201: Type.Object({ token: Type.String({ description: 'JSON Web Token' }) }) },
      },
    },
    async (request, reply) => {
      const cookie = parseFlag(request.query.cookie);
      // A cross-origin page must not sign a browser in to an account that it has created.
      if (cookie) requireSameOrigin(request);
      const { session } = await register(request.ctx, settings, request.body, { cookie });
      if (session.cookie_secret !== null) setSessionCookie(reply, session.cookie_secret, settings.token_lifetime_s);
      return reply.status(201).send({ token: session.token });
    },
  );
}
