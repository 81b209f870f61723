import { commonProblems } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { Detail, listQuerystring, PageOf } from '#platform/http/schemas';
import { quotaProblems } from '#platform/security/quota';
import { throttleProblems } from '#platform/security/throttle';
import { accountsProblems } from '../problems.ts';
import { ApiKeyBody, ApiKeyParams, ApiKeyRemovalBody, ApiKeyReply, ApiKeyRow, UserParams } from '../schemas.ts';
import type { AccountsDeps } from '../hooks.ts';
import { requireSubject } from '../identity/index.ts';
import { apiKeyList, listApiKeys, presentApiKey } from '../credentials/index.ts';
import { createApiKey, removeApiKey } from './create-api-key.ts';

const tags = ['users'];
const selfOnly = { kind: 'self-only' } as const;
const secretProblems = [
  accountsProblems.api_key_refused,
  accountsProblems.secret_required,
  accountsProblems.secret_wrong,
  accountsProblems.otp_locked,
  quotaProblems.quota_exceeded,
  throttleProblems.too_many_requests,
];

/** Operations on the API keys of a user. */
export function apiKeyRoutes(app: App, { settings }: AccountsDeps): void {
  app.get(
    '/api/users/:user/api-keys',
    {
      config: { access: selfOnly },
      schema: {
        tags,
        summary: 'Lists user API keys',
        description: 'Lists the API keys of a user by title and the start of each key. Secrets are not stored.',
        params: UserParams,
        querystring: listQuerystring(apiKeyList),
        response: { 200: PageOf(ApiKeyRow) },
      },
    },
    async (request) => {
      const user = await requireSubject(request);
      const page = await listApiKeys(request.ctx.db, user.id, request.list(), request.listUrl);
      return { ...page, results: page.results.map(presentApiKey) };
    },
  );

  app.post(
    '/api/users/:user/api-keys',
    {
      config: { access: selfOnly, problems: secretProblems },
      schema: {
        tags,
        summary: 'Creates an API key',
        description: 'Use the key as the user name in the header Authorization: Basic. It is shown once.',
        params: UserParams,
        body: ApiKeyBody,
        response: { 201: ApiKeyReply },
      },
    },
    async (request, reply) => {
      const secret = await createApiKey(request.ctx, settings, request.body);
      return reply.status(201).header('cache-control', 'no-store').send({ secret });
    },
  );

  app.post(
    '/api/users/:user/api-keys/:key',
    {
      config: { access: selfOnly, problems: [...secretProblems, commonProblems.not_found] },
      schema: {
        tags,
        summary: 'Deletes a user API key',
        description: 'Requires the password or a second factor. Later requests with the key are refused.',
        params: ApiKeyParams,
        body: ApiKeyRemovalBody,
        response: { 200: Detail },
      },
    },
    async (request) => {
      await removeApiKey(request.ctx, settings, request.params.key, request.body);
      return { detail: 'API key deleted successfully.' };
    },
  );
}
