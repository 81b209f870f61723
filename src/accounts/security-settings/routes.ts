import type { App } from '#platform/http/app';
import { clearSessionCookie } from '#platform/http/cookies';
import { putAndPatch } from '#platform/http/put-and-patch';
import { Detail } from '#platform/http/schemas';
import { passwordProblems } from '#platform/security/password';
import { throttleProblems } from '#platform/security/throttle';
import { accountsProblems } from '../problems.ts';
import {
  NoContent,
  OtpBody,
  OtpReply,
  PasswordBody,
  PasswordReply,
  SecretsBody,
  SshKeyBody,
  UserParams,
} from '../schemas.ts';
import { presentApiKey } from '../credentials/index.ts';
import { sendSessionCookie } from '../sessions/index.ts';
import type { AccountsDeps } from '../hooks.ts';
import { requireSubject } from '../identity/index.ts';
import { changePassword, removePassword } from './change-password.ts';
import { setFactors } from './set-factors.ts';
import { setSshKey } from './set-ssh-key.ts';

const tags = ['users'];
const selfOnly = { kind: 'self-only' } as const;
const secretProblems = [
  accountsProblems.api_key_refused,
  accountsProblems.secret_required,
  accountsProblems.secret_wrong,
  accountsProblems.otp_locked,
  throttleProblems.too_many_requests,
  passwordProblems.busy,
];

/** Operations on password, factors and SSH key of a user. */
// long: one registration per operation
export function securityRoutes(app: App, { settings }: AccountsDeps): void {
  putAndPatch(
    app,
    '/api/users/:user/password',
    {
      config: { access: selfOnly, problems: secretProblems },
      schema: {
        tags,
        summary: 'Updates a user password',
        description:
          'Ends every session and token of the user; a browser gets a new session. API keys stay valid and are listed, unless revoke_api_keys is true.',
        params: UserParams,
        body: PasswordBody,
        response: { 200: PasswordReply },
      },
    },
    async (request, reply) => {
      const { session, api_keys } = await changePassword(request.ctx, settings, request.body);
      if (session) sendSessionCookie(reply, settings, session);
      return { detail: 'Password updated successfully.', api_keys: api_keys.map(presentApiKey) };
    },
    ['new_password'],
  );

  app.delete(
    '/api/users/:user/password',
    {
      config: { access: { kind: 'self', frictionless: true }, problems: secretProblems },
      schema: {
        tags,
        summary: 'Removes a user password',
        description: 'A user sends password or otp_code in the body; a manager of the broker sends no body.',
        params: UserParams,
        body: SecretsBody,
        response: { 204: NoContent },
      },
    },
    async (request, reply) => {
      await removePassword(request.ctx, settings, await requireSubject(request), request.body ?? {});
      if (request.subject.relation === 'self') clearSessionCookie(reply);
      return reply.status(204).send(null);
    },
  );

  putAndPatch(
    app,
    '/api/users/:user/otp',
    {
      config: { access: selfOnly, problems: [...secretProblems, accountsProblems.code_wrong] },
      schema: {
        tags,
        summary: 'Enables multi-factor authentication',
        description:
          'A TOTP factor is set up in two calls. The first returns its key, which is not shown again. The second repeats the call with a code in otp_code.',
        params: UserParams,
        body: OtpBody,
        response: { 200: OtpReply, 204: NoContent },
      },
    },
    async (request, reply) => {
      const outcome = await setFactors(request.ctx, settings, request.body);
      switch (outcome.kind) {
        case 'enrolling': {
          const { priv_key, provisioning_uri } = outcome;
          const detail = 'Repeat the call with a code of the authenticator to enable it.';
          return reply.status(200).header('cache-control', 'no-store').send({ priv_key, provisioning_uri, detail });
        }
        case 'enabled':
          return reply.status(200).send({ detail: 'A code from your authenticator is now required to sign in.' });
        case 'disabled':
          return reply.status(204).send(null);
      }
    },
  );

  putAndPatch(
    app,
    '/api/users/:user/ssh-keys',
    {
      config: { access: selfOnly, problems: secretProblems },
      schema: {
        tags,
        summary: 'Updates a user public SSH key',
        description: 'Stores the public SSH key of a user. Requires the password or a second factor.',
        params: UserParams,
        body: SshKeyBody,
        response: { 200: Detail },
      },
    },
    async (request) => {
      await setSshKey(request.ctx, settings, request.body);
      return { detail: 'Public key updated successfully.' };
    },
    ['pubkey'],
  );
}
