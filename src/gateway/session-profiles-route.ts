import type { FastifyRequest } from 'fastify';
import { findUserByUsername } from '#accounts';
import type { App } from '#platform/http/app';
import { paths } from '#platform/http/paths';
import { ListQuerystring } from '#platform/http/schemas';
import { pageOfAll } from '#platform/db/list';
import type { KnownCallers } from './known-callers.ts';
import type { KnownCaller } from './load-callers.ts';
import { gatewayProblems } from './problems.ts';
import { SessionProfilePage } from './schemas.ts';
import { openSessionKey } from './session-key.ts';
import { readSessionToken } from './session-token.ts';

export interface SessionProfilesNeeds {
  /** The master key of the deployment. */
  readonly secret: string;
  readonly callers: KnownCallers;
}

const description = `All profiles on which a user has a role, for applications that received a session with
\`truncated: true\`. Send the session token that was forwarded as \`Authorization: Bearer\`. An application that receives
the session in a cookie signs an HS256 token with the session key itself: \`{"username": …, "exp": …}\`, valid for two hours
at most. A user's own token, API key or session cookie returns the profiles of that user.`;

/** The rest of a session that was too large for its header. */
export function sessionProfilesRoute(app: App, needs: SessionProfilesNeeds): void {
  app.get(
    paths.apiSessionProfiles(),
    {
      config: { access: { kind: 'public' }, ownCredentials: true, problems: [gatewayProblems.session_token_invalid] },
      schema: {
        tags: ['proxy'],
        summary: 'Lists the profiles of a forwarded session',
        description,
        querystring: ListQuerystring,
        response: { 200: SessionProfilePage },
      },
    },
    async (request) => {
      const caller = await callerOf(request, needs);
      if (caller === null) throw gatewayProblems.session_token_invalid();
      const entries = Object.entries(caller.session.roles).flatMap(([role, profiles]) =>
        profiles.map((profile) => ({ role, ...profile, subscriptions: [...profile.subscriptions] })),
      );
      return pageOfAll(entries, request.list(), request.listUrl);
    },
  );
}

async function callerOf(request: FastifyRequest, needs: SessionProfilesNeeds): Promise<KnownCaller | null> {
  const { ctx } = request;
  if (ctx.actor.kind === 'user') return needs.callers.get(ctx, ctx.actor.user_id);
  const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) return null;
  const username = await readSessionToken(token, openSessionKey(ctx.site, needs.secret), ctx.clock.now());
  const user = username === null ? undefined : await findUserByUsername(ctx.db, username);
  return user?.is_active === true ? needs.callers.get(ctx, user.id) : null;
}
