import { findUserByUsername, findUsersByIds } from '#accounts';
import { isTimeZone } from '#kernel/instant';
import { invalidInput } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { paths } from '#platform/http/paths';
import { putAndPatch } from '#platform/http/put-and-patch';
import { ListQuerystring } from '#platform/http/schemas';
import { pageOfAll } from '#platform/db/list';
import type { Site } from '#platform/site';
import { Type } from 'typebox';
import { presentAllow } from './allow.ts';
import { boundSession, noConcern } from './bound-session.ts';
import { changeProxy } from './change-proxy.ts';
import { createRule, deleteRule, moveRules, parseRulePath, updateRule } from './change-rules.ts';
import { countByTag, listEngagedUsers } from './engagement-store.ts';
import { loadCaller } from './load-callers.ts';
import type { FactSources } from './load-facts.ts';
import { gatewayProblems } from './problems.ts';
import { countActiveYesterday, listRecent, type RecentSources } from './recent-activity.ts';
import type { AccessRule } from './rule.ts';
import { findRule, listRules } from './rule-store.ts';
import {
  EngagedUserPage,
  EngagementQuery,
  EngagementSchema,
  ForwardedSessionSchema,
  KeySchema,
  MoveRulesBody,
  NewRuleBody,
  ProxyChangeBody,
  ProxySchema,
  RecentPage,
  RuleChangeBody,
  RulePage,
  RuleParams,
  RuleSchema,
  UserParams,
} from './schemas.ts';
import { makeSession, noVisit } from './session.ts';
import { openSessionKey, rotateSessionKey } from './session-key.ts';
import { carriedBytes, carrySession, type SessionCarrier } from './session-token.ts';

export interface GatewayRoutesNeeds extends RecentSources, Pick<FactSources, 'entitlementsOf'> {
  readonly secret: string;
  readonly private_addresses_allowed: boolean;
  readonly session_bytes_max: number;
}

const access = { kind: 'broker' } as const;
const tags = ['proxy'];

/** The settings of the gateway as API. */
export function gatewayRoutes(app: App, needs: GatewayRoutesNeeds): void {
  proxyRoutes(app, needs);
  ruleRoutes(app);
  engagementRoutes(app, needs);
}

function proxyRoutes(app: App, needs: GatewayRoutesNeeds): void {
  app.get(
    '/api/proxy',
    {
      config: { access },
      schema: {
        tags,
        summary: 'Retrieves forward end-point',
        description: 'Returns the address of the application behind the gateway and how the session is sent to it.',
        response: { 200: ProxySchema },
      },
    },
    (request) => presentProxy(request.ctx.site),
  );

  putAndPatch(
    app,
    '/api/proxy',
    {
      config: { access },
      schema: {
        tags,
        summary: 'Updates forward end-point',
        description:
          'Changes the address of the application or the format of the session. An address on a private network needs a setting of the server.',
        body: ProxyChangeBody,
        response: { 200: ProxySchema },
      },
    },
    async (request) => {
      const change = await changeProxy(request.ctx, request.body, needs);
      return { ...presentProxy({ ...request.ctx.site, ...change }), detail: 'The settings have been updated.' };
    },
  );

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
      const user = await findUserByUsername(ctx.db, request.params.user);
      const caller = user && (await loadCaller(ctx, needs, user.id));
      if (!caller) throw gatewayProblems.user_unknown();
      const session = boundSession(makeSession(caller.session, caller.site, noVisit), {
        concern: noConcern,
        carriedBytes: (json_bytes) => carriedBytes(ctx.site.session_backend, json_bytes),
        bytes_max: needs.session_bytes_max,
        profiles_url: `${ctx.origin}${paths.apiSessionProfiles()}`,
      });
      const key = openSessionKey(ctx.site, needs.secret);
      // Whoever holds the signed header is that user to the application: only who may do everything gets it.
      const carrier = request.subject.is_manager
        ? await carrySession(ctx.site.session_backend, session, key, ctx.clock.now())
        : null;
      return {
        forward_session: JSON.stringify(session, null, 2),
        forward_session_header: headerLine(carrier),
        forward_url: ctx.site.entry_point ?? '',
      };
    },
  );
}

function ruleRoutes(app: App): void {
  app.get(
    '/api/proxy/rules',
    {
      config: { access },
      schema: {
        tags,
        summary: 'Lists access rules',
        description: 'Lists the access rules in the order in which they decide.',
        querystring: ListQuerystring,
        response: { 200: RulePage },
      },
    },
    async (request) =>
      presentRules(await listRules(request.ctx.db, request.ctx.site.id, request.list(), request.listUrl)),
  );

  app.post(
    '/api/proxy/rules',
    {
      config: { access, problems: [gatewayProblems.rule_exists] },
      schema: {
        tags,
        summary: 'Creates an access rule',
        description:
          'Creates an access rule at a rank; later rules move down by one. The operators are described in the reference of rules.',
        body: NewRuleBody,
        response: { 201: RuleSchema },
      },
    },
    async (request, reply) => reply.status(201).send(presentRule(await createRule(request.ctx, request.body))),
  );

  app.patch(
    '/api/proxy/rules',
    {
      config: { access },
      schema: {
        tags,
        summary: 'Updates ranks of access rules',
        description: 'Moves access rules to other ranks, all or none.',
        querystring: ListQuerystring,
        body: MoveRulesBody,
        response: { 200: Type.Union([RulePage, RuleSchema]) },
      },
    },
    async (request) => {
      const { ctx, body } = request;
      // A body with a path is the form of 2019: it changes the rule of that path.
      if ('path' in body) return presentRule(await updateRule(ctx, parseRulePath(body.path), body));
      await moveRules(ctx, 'updates' in body ? body.updates : body);
      return presentRules(await listRules(ctx.db, ctx.site.id, request.list(), request.listUrl));
    },
  );

  // The rule of everything has a path too: `/api/proxy/rules/%2F`. Without one there is no rule to read or change.
  const summaries = { tags, params: RuleParams };
  const problems = [gatewayProblems.rule_unknown];
  app.get(
    '/api/proxy/rules/*',
    {
      config: { access, problems },
      schema: {
        ...summaries,
        summary: 'Retrieves an access rule',
        description: 'Returns the access rule of a path.',
        response: { 200: RuleSchema },
      },
    },
    async (request) => {
      const rule = await findRule(request.ctx.db, request.ctx.site.id, request.params['*']);
      if (!rule) throw gatewayProblems.rule_unknown();
      return presentRule(rule);
    },
  );
  putAndPatch(
    app,
    '/api/proxy/rules/*',
    {
      config: { access, problems },
      schema: {
        ...summaries,
        summary: 'Updates an access rule',
        description: 'Changes the operator, the rank or the forwarding of the rule of a path.',
        body: RuleChangeBody,
        response: { 200: RuleSchema },
      },
    },
    async (request) => presentRule(await updateRule(request.ctx, request.params['*'], request.body)),
  );
  app.delete(
    '/api/proxy/rules/*',
    {
      config: { access, problems },
      schema: {
        ...summaries,
        summary: 'Deletes an access rule',
        description: 'Deletes the access rule of a path; later rules move up by one.',
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      await deleteRule(request.ctx, request.params['*']);
      return reply.status(204).send(null);
    },
  );
}

function engagementRoutes(app: App, needs: RecentSources): void {
  app.get(
    '/api/proxy/engagement',
    {
      config: { access },
      schema: {
        tags,
        summary: 'Retrieves users engagement',
        description: 'Returns the share of users who used each tagged part of the application.',
        querystring: EngagementQuery,
        response: { 200: EngagementSchema },
      },
    },
    async ({ ctx, query }) => ({
      engagements: await countByTag(ctx.db),
      active_users: await countActiveYesterday(ctx.db, ctx.clock.now(), parseZone(query.timezone)),
      authentication: ctx.site.authentication,
    }),
  );

  app.get(
    '/api/proxy/engagement/users',
    {
      config: { access },
      schema: {
        tags,
        summary: 'Retrieves engagement metrics',
        description: 'Lists users with the tagged parts of the application that they used.',
        querystring: ListQuerystring,
        response: { 200: EngagedUserPage },
      },
    },
    async (request) => {
      const { db } = request.ctx;
      const page = await listEngagedUsers(db, request.list(), request.listUrl);
      const users = await findUsersByIds(
        db,
        page.results.map(({ user_id }) => user_id),
      );
      const results = page.results.flatMap(({ user_id, tags: engagements }) => {
        const user = users.get(user_id);
        return user ? [{ username: user.username, engagements }] : [];
      });
      return { ...page, results };
    },
  );

  app.get(
    '/api/proxy/recent',
    {
      config: { access },
      schema: {
        tags,
        summary: 'Retrieves recently active users',
        description: 'Lists the latest sign-ins, registrations and payments.',
        querystring: ListQuerystring,
        response: { 200: RecentPage },
      },
    },
    async (request) => {
      const { ctx } = request;
      const recent = await listRecent(ctx.db, needs, ctx.clock.now(), parseZone(request.query.timezone));
      return pageOfAll(recent, request.list(), request.listUrl);
    },
  );
}

function presentProxy(site: Site) {
  const { slug, entry_point, session_backend, authentication, welcome_email, cors_restricted } = site;
  return { slug, entry_point, session_backend, authentication, welcome_email, cors_restricted };
}

function presentRule({ rank, path, allow, is_forward, engaged }: AccessRule) {
  return { rank, path, allow: presentAllow(allow), is_forward, engaged };
}

function presentRules<P extends { results: AccessRule[] }>(page: P) {
  return { ...page, results: page.results.map(presentRule) };
}

/** The header as a line for a shell: a long cookie is wrapped with a back-slash every 48 characters. */
function headerLine(carrier: SessionCarrier | null): string {
  if (carrier === null) return '';
  if (carrier.name === 'authorization') return `Authorization: ${carrier.value}`;
  return `Cookie: ${carrier.value.replace(/.{48}(?=.)/g, '$&\\\n')}`;
}

function parseZone(timezone: string | undefined): string {
  if (timezone === undefined || timezone === '') return 'UTC';
  if (!isTimeZone(timezone)) throw invalidInput({ timezone: ['Enter the name of a time zone, such as Europe/Paris.'] });
  return timezone;
}
