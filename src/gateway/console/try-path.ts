import { type Static, Type } from 'typebox';
import type { Context } from '#platform/context';
import type { UserId } from '#platform/db/db-schema';
import { NullableString } from '#platform/http/schemas';
import { callerFact, decideMatch, decideWith, type Fact, type FactMemory, type KnownCaller } from '../callers/index.ts';
import type { OwnPaths } from '../own-routes.ts';
import { gatewayProblems } from '../problems.ts';
import { type Passage, type PipelineParts, type TriedPassage, tryRules } from '../pipeline.ts';
import {
  type Denial,
  parseRequestTarget,
  type RequestTarget,
  type RuleMatch,
  type StoredRule,
} from '../rules/index.ts';
import { explainDenial } from './explain-denial.ts';
import { type Person, personName } from './person.ts';
import type { RuleNames } from './rule-names.ts';
import { describeRule } from './rule-words.ts';

const Step = Type.Object({ mark: Type.Enum(['good', 'bad', 'none']), text: Type.String(), note: NullableString });
type Step = Static<typeof Step>;

/** What the rules decide about a path for a person, in words. */
export const Trial = Type.Object({
  verdict: Type.Object({ label: Type.String(), tone: Type.String(), icon: Type.String() }),
  /** Position and path of the rule that decides; null if none does. */
  rule: Type.Union([Type.Null(), Type.Object({ position: Type.Integer(), path: Type.String() })]),
  sentence: Type.String(),
  /** Page to which a browser is redirected, or null. */
  location: NullableString,
  steps: Type.Array(Step),
});
export type Trial = Static<typeof Trial>;

export interface TrialNeeds {
  readonly parts: PipelineParts;
  readonly own: OwnPaths;
}

export interface TriedPath {
  readonly path: string;
  readonly method: 'GET' | 'POST';
  readonly person: Person;
  readonly rules: readonly StoredRule[];
  readonly names: RuleNames;
}

const let_in = { label: 'Let in', tone: 'success', icon: 'check' };
const not_let_in = { label: 'Not let in', tone: 'danger', icon: 'x' };

/**
 * Decides about a path as the gateway does, by the same steps and facts, and explains each check. Forwards, records and
 * signs nothing.
 */
export async function tryPath(ctx: Context, needs: TrialNeeds, tried: TriedPath): Promise<Trial> {
  const { path, method, person } = tried;
  const target = parseRequestTarget(encodeTyped(path));
  if (typeof target === 'string') return withoutRule(not_let_in, `The address is refused for everybody. ${target}`);
  if (needs.own.findMethods(target).length > 0) {
    const verdict = { label: 'Page of this site', tone: 'neutral', icon: 'info' };
    return withoutRule(verdict, 'This address belongs to the site itself, whose pages have checks of their own.');
  }
  if (person.kind === 'user' && !person.user.is_active)
    return withoutRule(not_let_in, `The account of ${personName(person)} is closed, so it cannot sign in.`);
  const trial_ctx = contextOf(ctx, person);
  const parts = await partsFor(ctx, trial_ctx, needs.parts, person);
  const request = { ctx: trial_ctx, method, target, is_preflight: false, is_cross_site: false };
  const { passage, refusal } = await tryRules(request, parts);
  return explain(tried, target, { passage, refusal, denials: await findDenials(passage, parts) });
}

function withoutRule(verdict: Trial['verdict'], sentence: string): Trial {
  return { verdict, rule: null, sentence, location: null, steps: [] };
}

/** Escapes what a browser escapes in a typed path, and adds the first slash. */
function encodeTyped(path: string): string {
  const url = URL.parse(`http://site.invalid${path.replace(/^\/*/, '/')}`);
  return url === null ? path : `${url.pathname}${url.search}`;
}

/** No account has this id: the newcomer has signed nothing. */
const newcomer_id = 0 as UserId;

function contextOf(ctx: Context, person: Person): Context {
  if (person.kind === 'visitor') return { ...ctx, actor: { kind: 'anonymous', visitor_hash: null } };
  const { id: user_id, username } = person.kind === 'user' ? person.user : { id: newcomer_id, username: '' };
  return {
    ...ctx,
    actor: { kind: 'user', user_id, username, session_id: null, via: 'cookie', visitor_hash: null },
  };
}

/** Returns the parts of the gateway; for the newcomer with a caller who is not in the database. */
async function partsFor(
  ctx: Context,
  trial_ctx: Context,
  parts: PipelineParts,
  person: Person,
): Promise<PipelineParts> {
  if (person.kind !== 'newcomer' || ctx.actor.kind !== 'user') return parts;
  const manager = await parts.memory.get(callerFact(ctx, ctx.actor.user_id));
  if (manager === null) return parts;
  const username = '';
  const caller: KnownCaller = {
    username,
    facts: { username, has_password: true, is_factor_missing: false, roles: [], subscriptions: [] },
    roles: [],
    subscriptions: [],
    session: { username, roles: {} },
    site: manager.site,
  };
  return { ...parts, memory: withFact(parts.memory, callerFact(trial_ctx, newcomer_id), caller) };
}

/** Adds the value of one fact to a memory. */
function withFact<K extends object>(memory: FactMemory, known: Fact<K>, value: K): FactMemory {
  const isKnown = ({ kind, key }: Fact<object>) => kind.name === known.kind.name && key === known.key;
  return {
    peek: <V extends object>(fact: Fact<V>) => (isKnown(fact) ? (value as object as V) : memory.peek(fact)), // of the same kind
    get: async <V extends object>(fact: Fact<V>) => (isKnown(fact) ? (value as object as V) : memory.get(fact)), // of the same kind
  };
}

interface DecidedMatch {
  readonly match: RuleMatch;
  readonly denial: Denial | null;
}

/** Asks the operator of each matching rule, also of those after the one that refuses. */
async function findDenials(passage: Passage, parts: PipelineParts): Promise<DecidedMatch[]> {
  const { ctx, caller, method, match, stricter } = passage;
  const matches = match === null ? [] : [match, ...stricter];
  return Promise.all(
    matches.map(async (each) => ({
      match: each,
      denial: await decideWith(parts.memory, (read) =>
        decideMatch(read, ctx, parts.facts, { match: each, caller, method }),
      ),
    })),
  );
}

function explain(
  { path, person, rules, names }: TriedPath,
  target: RequestTarget,
  { passage, refusal, denials }: TriedPassage & { denials: readonly DecidedMatch[] },
): Trial {
  const [first, ...stricter] = denials;
  const who = personName(person);
  if (!first) {
    const sentence = `No rule matches, so every request is refused. ${refusal?.message ?? ''}`;
    return withoutRule(not_let_in, sentence.trim());
  }
  const decider = refusal === null ? first : (denials.find(({ denial }) => denial !== null) ?? first);
  const positionOf = ({ rule }: RuleMatch) => rules.findIndex(({ path: each }) => each === rule.path) + 1;
  const position = positionOf(first.match);
  const location = refusal?.extra.location ?? null;
  const context = { who, path, names, caller: passage.caller };
  const steps: Step[] = [
    ...notAsked('do not match the path', 'does not match the path', 1, position - 1),
    matchStep(first.match, position, target),
    ...(first.match.rule.allow.op === 0 ? [] : [signedInStep(who, passage)]),
    ...(passage.caller === null && first.match.rule.allow.op !== 0 ? [] : [decisionStep(first, context)]),
    ...stricter.map((each) => stricterStep(each, positionOf(each.match), context)),
    ...(refusal?.code === gatewayProblems.rule_unmatched.code ? [unmatched_reading] : []),
    ...(refusal === null ? [resultStep(passage)] : []),
    ...notAsked('are not asked', 'is not asked', position + 1, rules.length),
  ];
  return {
    verdict: refusal === null ? let_in : not_let_in,
    rule: { position: positionOf(decider.match), path: decider.match.rule.path },
    sentence: refusal === null ? grantedSentence(who, passage) : refusedSentence(who, location, refusal.status),
    location,
    steps,
  };
}

function grantedSentence(who: string, { ctx, match }: Passage): string {
  if (match?.rule.is_forward !== true) return `${who} is let in and gets a page of this site.`;
  return ctx.site.entry_point === null
    ? `${who} is let in, but the site has no application to forward to.`
    : `${who} is let in and the request is forwarded to the application.`;
}

function refusedSentence(who: string, location: string | null, status: number): string {
  return location === null
    ? `${who} is refused with status ${status}.`
    : `${who} is sent to another page and comes back after it.`;
}

const unmatched_reading: Step = {
  mark: 'bad',
  text: 'No rule matches the path as some servers read it',
  note: 'Every reading of a path must be let in.',
};

function notAsked(many: string, one: string, from: number, to: number): Step[] {
  if (to < from) return [];
  const text = from === to ? `Rule ${from} ${one}` : `Rules ${from} to ${to} ${many}`;
  return [{ mark: 'none', text, note: null }];
}

function matchStep({ rule, params }: RuleMatch, position: number, target: RequestTarget): Step {
  const captured = rule.captures.flatMap((name) => {
    const value = params[name];
    return value === undefined ? [] : [`${name} is ${typeof value === 'string' ? value : value.join(', ')}`];
  });
  const note = [`${rule.path} is the start of ${target.path}`, ...captured].join('; ');
  return { mark: 'good', text: `The path matches rule ${position}`, note };
}

function signedInStep(who: string, { caller }: Passage): Step {
  return caller === null
    ? { mark: 'bad', text: `${who} is not signed in`, note: null }
    : { mark: 'good', text: `${who} is signed in`, note: null };
}

interface ExplainContext {
  readonly names: RuleNames;
  readonly caller: KnownCaller | null;
}

function decisionStep({ match, denial }: DecidedMatch, { names, caller }: ExplainContext): Step {
  const { who } = describeRule(match.rule, names);
  if (denial === null) return { mark: 'good', text: 'The rule lets in', note: who };
  return { mark: 'bad', ...explainDenial(denial, names, caller) };
}

function stricterStep(decided: DecidedMatch, position: number, context: ExplainContext): Step {
  const step = decisionStep(decided, context);
  return { ...step, text: `Rule ${position} must let in too, since some servers read the path so: ${step.text}` };
}

function resultStep({ match }: Passage): Step {
  return match?.rule.is_forward === true
    ? { mark: 'good', text: 'The request is forwarded', note: null }
    : { mark: 'good', text: 'The request is answered here', note: null };
}
