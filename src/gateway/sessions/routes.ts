import type { FastifyRequest } from 'fastify';
import { findUserByUsername } from '#accounts';
import { pageOfAll } from '#platform/db/list';
import type { App } from '#platform/http/app';
import { paths } from '#platform/http/paths';
import { putAndPatch } from '#platform/http/put-and-patch';
import { fixedOrder, listQuerystring } from '#platform/http/schemas';
import { callerFact, type FactMemory, type KnownCaller } from '../callers/index.ts';
import { gatewayProblems } from '../problems.ts';
import { getExampleSession } from './example-session.ts';
import { ForwardedSessionSchema, KeySchema, SessionProfilePage, UserParams } from './schemas.ts';
import { openSessionKey, rotateSessionKey } from './session-key.ts';
import { readSessionToken } from './session-token.ts';

export interface SessionRoutesNeeds {
  readonly session_bytes_max: number;
  /** The master key of the deployment. */
  readonly secret: string;
  readonly memory: FactMemory;
}

const access = { kind: 'broker' } as const;
const tags = ['proxy'];

/** Registers the routes of the session that the application receives. */
export function sessionRoutes(app: App, needs: SessionRoutesNeeds): void {
  keyRoutes(app, needs);
  exampleRoute(app, needs);
  profilesRoute(app, needs);
}

function keyRoutes(app: App, needs: SessionRoutesNeeds): void {
  const rotation = {
    tags,
    summary: 'Rotates session encoding key',
    description: 'Draws a new session key and returns it this once. New sessions are signed with it immediately.',
  };
  app.post(
    '/api/proxy/key',
    { config: { access }, schema: { ...rotation, response: { 201: KeySchema } } },
    async (request, reply) => reply.status(201).send({ enc_key: await rotateSessionKey(request.ctx, needs.secret) }),
  );
  putAndPatch(
    app,
    '/api/proxy/key',
    { config: { access }, schema: { ...rotation, hide: true, response: { 200: KeySchema } } },
    async (request) => ({ enc_key: await rotateSessionKey(request.ctx, needs.secret) }),
  );
}

function exampleRoute(app: App, needs: SessionRoutesNeeds): void {
  app.get(
    '/api/proxy/sessions/:user',
    {
      config: { access, problems: [gatewayProblems.user_unknown] },
      schema: {
        tags,
        summary: 'Retrieves example session',
        description:
          'Returns the session of a user as the application receives it, for tests. Only managers get the signed header.',
        params: UserParams,
        response: { 200: ForwardedSessionSchema },
      },
    },
    async (request) => {
      const { ctx } = request;
      const example = await getExampleSession(ctx, request.params.user, needs, request.subject);
      return { ...example, forward_url: ctx.site.entry_point ?? '' };
    },
  );
}

const description = `All profiles on which a user has a role, for applications that received a session with
\`truncated: true\`. Send the session token that was forwarded as \`Authorization: Bearer\`. An application that receives
the session in a cookie signs an HS256 token with the session key itself: \`{"username": …, "exp": …}\`, valid for two hours
at most. A user's own token, API key or session cookie returns the profiles of that user.`;

/** The complete list of profiles for sessions that were truncated. */
function profilesRoute(app: App, needs: SessionRoutesNeeds): void {
  app.get(
    paths.apiSessionProfiles(),
    {
      config: { access: { kind: 'public' }, ownCredentials: true, problems: [gatewayProblems.session_token_invalid] },
      schema: {
        tags,
        summary: 'Lists the profiles of a forwarded session',
        description,
        querystring: listQuerystring(fixedOrder),
        response: { 200: SessionProfilePage },
      },
    },
    async (request) => {
      const caller = await findCaller(request, needs);
      if (caller === null) throw gatewayProblems.session_token_invalid();
      const entries = Object.entries(caller.session.roles).flatMap(([role, profiles]) =>
        profiles.map((profile) => ({ role, ...profile, subscriptions: [...profile.subscriptions] })),
      );
      return pageOfAll(entries, request.list(), request.listUrl);
    },
  );
}

/** Finds the caller by its own credentials, or the user of a session token. */
async function findCaller(request: FastifyRequest, needs: SessionRoutesNeeds): Promise<KnownCaller | null> {
  const { ctx } = request;
  if (ctx.actor.kind === 'user') return needs.memory.get(callerFact(ctx, ctx.actor.user_id));
  const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) return null;
  const username = await readSessionToken(token, openSessionKey(ctx.site, needs.secret), ctx.clock.now());
  const user = username === null ? undefined : await findUserByUsername(ctx.db, username);
  return user?.is_active === true ? needs.memory.get(callerFact(ctx, user.id)) : null;
}
