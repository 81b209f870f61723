import type { App } from '#platform/http/app';
import { putAndPatch } from '#platform/http/put-and-patch';
import { listQuerystring } from '#platform/http/schemas';
import { Type } from 'typebox';
import { gatewayProblems } from '../problems.ts';
import { presentAllow } from './allow.ts';
import { createRule, deleteRule, moveRules, parseRulePath, updateRule } from './change-rules.ts';
import type { AccessRule } from './rule.ts';
import { ruleList, findRule, listRules } from './rule-store.ts';
import { MoveRulesBody, NewRuleBody, RuleChangeBody, RulePage, RuleParams, RuleSchema } from './schemas.ts';

const access = { kind: 'broker' } as const;
const tags = ['proxy'];

/** Registers the routes of the access rules. */
export function ruleRoutes(app: App): void {
  allRulesRoutes(app);
  singleRuleRoutes(app);
}

function allRulesRoutes(app: App): void {
  app.get(
    '/api/proxy/rules',
    {
      config: { access },
      schema: {
        tags,
        summary: 'Lists access rules',
        description: 'Lists the access rules in the order in which they decide.',
        querystring: listQuerystring(ruleList),
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
        querystring: listQuerystring(ruleList),
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
}

// The rule for all paths is `/api/proxy/rules/%2F`; an empty path names no rule.
function singleRuleRoutes(app: App): void {
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

function presentRule({ rank, path, allow, is_forward, engaged }: AccessRule) {
  return { rank, path, allow: presentAllow(allow), is_forward, engaged };
}

function presentRules<P extends { results: AccessRule[] }>(page: P) {
  return { ...page, results: page.results.map(presentRule) };
}
