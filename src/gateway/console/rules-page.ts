import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '#platform/http/app';
import { textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { invalidInput } from '#kernel/problem';
import { chooseOne } from '#platform/pages/forms/candidates';
import { findEditConflict, sentVersion } from '#platform/pages/forms/edit-version';
import type { Site } from '#platform/site';
import { gatewayProblems } from '../problems.ts';
import { orderVersion, placeRule, type StoredRule } from '../rules/index.ts';
import { findPerson } from './person.ts';
import { type MovedRule, presentRules } from './present-rules.ts';
import { loadRules, type RuleNames } from './rule-names.ts';
import { rulesPage } from './rule-page-types.ts';
import { ruleIdField } from './rule-pages.ts';
import { tryForm } from './try-form.ts';
import { tryPath, type TrialNeeds } from './try-path.ts';

/** Registers the list of the access rules, on which managers change their order and try paths. */
export function rulesPages(app: App, needs: TrialNeeds): void {
  const options = {
    config: { access: { kind: 'broker' }, page: true, problems: [gatewayProblems.rule_unknown] },
    schema: { hide: true },
  } as const;
  app.get('/proxy/rules/', options, async (request, reply) => show(request, reply, needs, false));
  app.post('/proxy/rules/', options, async (request, reply) => {
    const { ctx, body } = request;
    const rule_id = ruleIdField(body);
    const to = readPlace(body);
    try {
      const placed = await placeRule(ctx, { rule_id, to, version: sentVersion(body) });
      reply.flash('success', `${placed.rule.path} is now rule ${placed.position} of ${placed.count}.`);
      const by = typeof to === 'number' ? 'grab' : to;
      return await reply.redirect(`${paths.rules()}?moved=${placed.rule.id}&by=${by}`, 303);
    } catch (error) {
      if (findEditConflict(error) === null) throw error;
      return show(request, reply, needs, true);
    }
  });
}

/** @throws invalid_input (400) naming `to` */
function readPlace(body: unknown): 'up' | 'down' | number {
  const text = textField(body, 'to', 10);
  if (text === 'up' || text === 'down') return text;
  if (/^[1-9][0-9]{0,6}$/.test(text)) return Number(text);
  throw invalidInput({ to: ['Choose up, down or a position.'] });
}

async function show(
  request: FastifyRequest,
  reply: FastifyReply,
  needs: TrialNeeds,
  conflict: boolean,
): Promise<FastifyReply> {
  const { ctx, subject, query } = request;
  const { rules, names } = await loadRules(ctx);
  const may_edit = subject.is_manager;
  return reply.header('cache-control', 'no-store').page(
    rulesPage,
    {
      may_edit,
      rules: presentRules(rules, names, readMoved(query)),
      order_version: orderVersion(rules),
      conflict,
      application: describeApplication(ctx.site),
      ...(await trialOf(request, needs, { rules, names, is_asked: may_edit && textField(query, 'path') !== '' })),
    },
    conflict ? 409 : 200,
  );
}

function readMoved(query: unknown): MovedRule | null {
  const by = textField(query, 'by', 10);
  const rule_id = ruleIdField({ rule: textField(query, 'moved', 15) });
  return by === 'up' || by === 'down' || by === 'grab' ? { rule_id, by } : null;
}

/** Returns the form of the tester with the result, when the address asks for one. */
async function trialOf(
  { ctx, query }: FastifyRequest,
  needs: TrialNeeds,
  { rules, names, is_asked }: { rules: readonly StoredRule[]; names: RuleNames; is_asked: boolean },
) {
  const context = { locale: ctx.lang, timezone: 'UTC' };
  const untried = { ...tryForm.view({ as: 'user', method: 'GET' }, context), candidates: {}, trial: null };
  if (!is_asked) return untried;
  try {
    const { path, as, method } = tryForm.read(query, context);
    const person = await findPerson(ctx, as, query);
    if ('candidates' in person) {
      const refusal = tryForm.refuse(chooseOne('user', person.candidates.length), query);
      const candidates = { user: person.candidates.map((each) => ({ ...each })) };
      return { ...untried, ...tryForm.view({}, context, refusal), candidates };
    }
    if ('message' in person) throw invalidInput({ user: [person.message] });
    const user = person.kind === 'user' ? person.user.username : '';
    const trial = await tryPath(ctx, needs, { path, method, person, rules, names });
    return { ...untried, ...tryForm.view({ path, as, user, method }, context), trial };
  } catch (error) {
    return { ...untried, ...tryForm.view({}, context, tryForm.refuse(error, query)) };
  }
}

const carriers = ['Not at all', 'An encrypted cookie', 'A signed token (JWT) in the Authorization header'] as const;
const sign_in = {
  enabled: 'Everybody, with registration',
  'login-only': 'People with an account, without registration',
  disabled: 'Managers of the site only',
} as const;

/** Describes how requests reach the application. */
function describeApplication(site: Site) {
  return [
    { label: 'Address', value: site.entry_point ?? 'None: nothing is forwarded' },
    { label: 'Session is sent as', value: carriers[site.session_backend] },
    site.session_key_rotated_at === null
      ? { label: 'Key made', value: 'With the site' }
      : { label: 'Key made', at: site.session_key_rotated_at.toISOString() },
    { label: 'Who may sign in', value: sign_in[site.authentication] },
    { label: 'Other sites may call it', value: site.cors_restricted ? 'No' : 'Yes' },
  ];
}
