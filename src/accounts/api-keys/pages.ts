import type { FastifyReply, FastifyRequest } from 'fastify';
import { commonProblems } from '#kernel/problem';
import { mergeReads } from '#platform/db/merge-reads';
import type { App } from '#platform/http/app';
import { type FormProblem, secretField, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { type ApiKeyEntry, findApiKeys, findSshKey, presentApiKey } from '../credentials/index.ts';
import { formStatus, readSecretProblem, type Secrets } from '../factors/index.ts';
import type { AccountsDeps } from '../hooks.ts';
import { presentUser, requireSubject, type User } from '../identity/index.ts';
import { ApiKeyParams, UserParams } from '../schemas.ts';
import { setSshKey } from '../security-settings/index.ts';
import { createApiKey, removeApiKey } from './create-api-key.ts';
import { deleteKeyPage, keysPage } from './page-types.ts';

const DAY_MS = 86_400_000;
const SOON_DAYS = 30;
/** Begins the names of the secrets in the form of the SSH key: the page has two forms. */
const SSH = 'ssh_';
const config = { access: { kind: 'self-only' }, page: true } as const;

/** The page of the API keys and the SSH key of a user. */
export function keyPages(app: App, { settings }: AccountsDeps): void {
  const options = { config, schema: { params: UserParams, hide: true } } as const;
  app.get('/users/:user/pubkey/', options, async (request, reply) => show(request, reply, {}));
  app.post('/users/:user/pubkey/', options, async (request, reply) => {
    const { ctx, body } = request;
    if (textField(body, 'action', 20) === 'ssh_key') {
      const pubkey = textField(body, 'pubkey', 501);
      try {
        await setSshKey(ctx, settings, { ...secretsOf(body, SSH), pubkey });
      } catch (error) {
        return show(request, reply, { problem: atSshForm(readSecretProblem(error)), form: { pubkey } });
      }
      return reply.flash('success', 'The SSH key was saved.').redirect(paths.userKeys(request.params.user), 303);
    }
    const title = textField(body, 'title', 100);
    try {
      const secret = await createApiKey(ctx, settings, { ...secretsOf(body), title });
      // Not a redirect: the key is stored as a hash only, so that this answer is the one that can show it.
      return await show(request, reply, { secret });
    } catch (error) {
      return show(request, reply, { problem: readSecretProblem(error), form: { title } });
    }
  });
  deletePages(app, settings);
}

function deletePages(app: App, settings: AccountsDeps['settings']): void {
  const options = {
    config: { ...config, problems: [commonProblems.not_found] },
    schema: { params: ApiKeyParams, hide: true },
  } as const;
  const url = '/users/:user/pubkey/:key/';
  app.get(url, options, async (request, reply) => showDeletion(request, reply, request.params.key, null));
  app.post(url, options, async (request, reply) => {
    const { ctx, body, params } = request;
    try {
      await removeApiKey(ctx, settings, params.key, secretsOf(body));
    } catch (error) {
      return showDeletion(request, reply, params.key, readSecretProblem(error));
    }
    return reply.flash('success', 'The API key was deleted.').redirect(paths.userKeys(params.user), 303);
  });
}

function secretsOf(body: unknown, prefix = ''): Secrets {
  return {
    password: secretField(body, `${prefix}password`) || undefined,
    otp_code: textField(body, `${prefix}otp_code`, 32) || undefined,
  };
}

/** Names the fields of the refusal as the form of the SSH key does. */
function atSshForm(problem: FormProblem): FormProblem {
  const errors: Record<string, readonly string[]> = {};
  for (const [name, messages] of Object.entries(problem.errors)) {
    errors[name === 'pubkey' ? name : `${SSH}${name}`] = messages;
  }
  return { ...problem, errors };
}

interface Shown {
  secret?: string;
  problem?: FormProblem;
  form?: Record<string, string>;
}

async function show(
  request: FastifyRequest,
  reply: FastifyReply,
  { secret, problem, form = {} }: Shown,
): Promise<FastifyReply> {
  const { ctx } = request;
  const user = await requireSubject(request);
  const [keys, ssh_key] = await mergeReads(ctx.db, [
    (reader) => findApiKeys(reader, user.id),
    (reader) => findSshKey(reader, user.id),
  ]);
  const at = ctx.clock.now();
  const data = {
    ...accountOf(user),
    keys: keys.map((key) => presentKey(user, key, at)),
    secret: secret ?? null,
    ssh_key: ssh_key ? { pubkey: ssh_key.pubkey, updated_at: ssh_key.updated_at.toISOString() } : null,
    form,
    errors: problem?.errors ?? {},
    detail: problem?.detail ?? '',
  };
  reply.header('cache-control', 'no-store');
  return reply.page(keysPage, data, formStatus(problem ?? null));
}

async function showDeletion(
  request: FastifyRequest,
  reply: FastifyReply,
  public_half: string,
  problem: FormProblem | null,
): Promise<FastifyReply> {
  const { ctx } = request;
  const user = await requireSubject(request);
  const key = (await findApiKeys(ctx.db, user.id)).find(({ api_pub_key }) => api_pub_key === public_half);
  if (!key) throw commonProblems.not_found();
  const data = {
    ...accountOf(user),
    key: presentKey(user, key, ctx.clock.now()),
    keys_url: paths.userKeys(user.username),
    form: {},
    errors: problem?.errors ?? {},
    detail: problem?.detail ?? '',
  };
  return reply.page(deleteKeyPage, data, formStatus(problem));
}

function accountOf(user: User) {
  return { account: presentUser(user), has_password: user.has_password, needs_otp: user.otp_enabled };
}

function presentKey(user: User, key: ApiKeyEntry, at: Date) {
  const left_ms = key.ends_at === null ? Number.POSITIVE_INFINITY : key.ends_at.getTime() - at.getTime();
  return {
    ...presentApiKey(key),
    delete_url: paths.userKeys(user.username, key.api_pub_key),
    ends_soon: left_ms > 0 && left_ms < SOON_DAYS * DAY_MS,
    has_ended: left_ms <= 0,
  };
}
