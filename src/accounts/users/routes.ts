import { commonProblems } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { clearSessionCookie } from '#platform/http/cookies';
import { putAndPatch } from '#platform/http/put-and-patch';
import { ForceQuery } from '#platform/http/schemas';
import { passwordProblems } from '#platform/security/password';
import { throttleProblems } from '#platform/security/throttle';
import { accountsProblems } from '../problems.ts';
import {
  NoContent,
  SecretsBody,
  UserBody,
  UserChangedSchema,
  UserDetailSchema,
  UserParams,
  VerifyEmailBody,
} from '../schemas.ts';
import type { AccountsDeps } from '../hooks.ts';
import { resendActivationLink, sendLeadActivationLink } from '../verifications/index.ts';
import { archiveUser } from './archive-user.ts';
import { presentUser, requireSubject } from '../identity/index.ts';
import { describeUpdate } from './describe-update.ts';
import { updateUser } from './update-user.ts';
import { requestEmailCode, verifyEmail } from './verify-email.ts';

const tags = ['users'];
const secretProblems = [
  accountsProblems.api_key_refused,
  accountsProblems.secret_required,
  accountsProblems.secret_wrong,
  accountsProblems.otp_locked,
  throttleProblems.too_many_requests,
  passwordProblems.busy,
];
const frictionless = { kind: 'self', frictionless: true } as const;

/** Operations on a user. */
// long: one registration per operation
export function userRoutes(app: App, deps: AccountsDeps): void {
  const { settings, findLead } = deps;

  app.get(
    '/api/users/:user',
    {
      config: { access: frictionless, problems: [commonProblems.not_found] },
      schema: {
        tags,
        summary: 'Retrieves a user account',
        description: 'Returns a user with the contact data.',
        params: UserParams,
        response: { 200: UserDetailSchema },
      },
    },
    async (request) => {
      const { user_id } = request.subject;
      if (user_id !== null) return presentUser(await requireSubject(request));
      const lead = await findLead?.(request.ctx.db, request.params.user);
      if (!lead) throw commonProblems.not_found();
      return lead;
    },
  );

  putAndPatch(
    app,
    '/api/users/:user',
    {
      config: {
        access: { kind: 'self-only' },
        problems: [accountsProblems.code_wrong, ...secretProblems],
      },
      schema: {
        tags,
        summary: 'Updates a user account',
        description:
          'A change of address requires password or otp_code; without them PUT keeps the address and PATCH is refused. The address changes when the code sent to the new one is sent in email_code or phone_code. A code for the present address verifies it.',
        params: UserParams,
        body: UserBody,
        response: { 200: UserChangedSchema },
      },
    },
    async (request) => {
      const { username, ...input } = request.body;
      const slug = input.slug ?? username;
      const without_secret = request.method === 'PUT' ? 'keep' : 'refuse';
      const user = await requireSubject(request);
      const update = await updateUser(request.ctx, deps, user, { ...input, slug }, without_secret);
      return { ...presentUser(update.user), detail: describeUpdate(update) };
    },
  );

  app.delete(
    '/api/users/:user',
    {
      config: { access: frictionless, problems: [commonProblems.not_found, ...secretProblems] },
      schema: {
        tags,
        summary: 'Deletes a user account',
        description:
          'A user sends password or otp_code in the body; a manager of the broker sends no body. Credit of the personal profile is lost: that takes force=1.',
        params: UserParams,
        querystring: ForceQuery,
        body: SecretsBody,
        response: { 204: NoContent },
      },
    },
    async (request, reply) => {
      await archiveUser(request.ctx, deps, await requireSubject(request), request.body ?? {}, {
        force: request.query.force === '1',
      });
      if (request.subject.relation === 'self') clearSessionCookie(reply);
      return reply.status(204).send(null);
    },
  );

  app.post(
    '/api/users/:user/activate',
    {
      config: {
        access: frictionless,
        problems: [
          accountsProblems.already_active,
          accountsProblems.no_address,
          commonProblems.not_found,
          throttleProblems.too_many_requests,
        ],
      },
      schema: {
        tags,
        summary: 'Sends an activation link',
        description: 'Sends the activation link again to a user without a password.',
        params: UserParams,
        response: { 201: UserChangedSchema },
      },
    },
    async (request, reply) => {
      const detail = 'A message with a link was sent.';
      if (request.subject.user_id === null) {
        const lead = await findLead?.(request.ctx.db, request.params.user);
        if (!lead) throw commonProblems.not_found();
        await sendLeadActivationLink(request.ctx, settings, lead);
        return reply.status(201).send({ ...lead, detail });
      }
      const user = await requireSubject(request);
      await resendActivationLink(request.ctx, settings, user);
      return reply.status(201).send({ ...presentUser(user), detail });
    },
  );

  app.post(
    '/api/users/:user/verify',
    {
      config: {
        access: { kind: 'self-only' },
        problems: [
          accountsProblems.code_wrong,
          accountsProblems.no_address,
          accountsProblems.api_key_refused,
          throttleProblems.too_many_requests,
        ],
      },
      schema: {
        tags: ['users'],
        summary: 'Verifies the e-mail address of a user',
        description: 'Without email_code, sends a code to the address. With the code, verifies the address.',
        params: UserParams,
        body: VerifyEmailBody,
        response: { 200: UserChangedSchema, 201: UserChangedSchema },
      },
    },
    async (request, reply) => {
      const { email_code, otp_code } = request.body ?? {};
      const user = await requireSubject(request);
      if (email_code === undefined) {
        await requestEmailCode(request.ctx, deps.settings, user);
        return reply.status(201).send({ ...presentUser(user), detail: 'A code was sent to your e-mail address.' });
      }
      const verified = await verifyEmail(request.ctx, deps, { email_code, otp_code });
      return reply.status(200).send({ ...presentUser(verified), detail: 'Your e-mail address is verified.' });
    },
  );
}
