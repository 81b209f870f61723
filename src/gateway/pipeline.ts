import assert from 'node:assert/strict';
import { Problem } from '#kernel/problem';
import type { Context } from '#platform/context';
import { defineFact } from '#platform/facts/facts';
import { paths } from '#platform/http/paths';
import { httpProblems } from '#platform/http/problems';
import {
  type CompiledRules,
  findParams,
  matchRule,
  denialProblem,
  type RequestTarget,
  type RuleBook,
  type RuleMatch,
  findStricterMatches,
} from './rules/index.ts';
import {
  truncateSession,
  carriedBytes,
  makeSession,
  type SessionCarrier,
  type SessionCarriers,
  type SessionConcern,
} from './sessions/index.ts';
import {
  callerFact,
  decideMatch,
  decideWith,
  type Fact,
  type FactMemory,
  type FactSettings,
  type KnownCaller,
  type ReadFact,
} from './callers/index.ts';
import { gatewayProblems } from './problems.ts';
import { type EngagementRecorder, noVisit, type Visit } from './engagements/index.ts';

/** Objects that the steps share. */
export interface PipelineParts {
  readonly rules: RuleBook;
  readonly memory: FactMemory;
  readonly facts: FactSettings;
  readonly engagement: EngagementRecorder;
  readonly carriers: SessionCarriers;
  /** Largest header that carries a session. */
  readonly session_bytes_max: number;
}

/** A request whose rules are to be passed. */
export interface RuledRequest {
  readonly ctx: Context;
  readonly method: string;
  readonly target: RequestTarget;
  /** A CORS preflight: forwarded without body, credentials and session, under any rule. */
  readonly is_preflight: boolean;
  /** A page of another origin caused an unsafe request or an upgrade that carries Tollgate's cookie. */
  readonly is_cross_site: boolean;
}

/** A request in the pipeline. Each step sets members that later steps read. */
export interface Passage extends RuledRequest {
  match: RuleMatch | null;
  /** Matches of other readings of the path; each must grant the request too. */
  stricter: readonly RuleMatch[];
  /** The first of these matches whose rule does not forward. */
  local: RuleMatch | null;
  caller: KnownCaller | null;
  visit: Visit;
  carrier: SessionCarrier | null;
}

/** A request that every step granted. */
export type GrantedPassage = Passage & { readonly match: RuleMatch };

/**
 * Decides without waiting and without effects: it runs again when a fact that was missing is loaded.
 *
 * @throws Problem that refuses the request
 */
type Step = (passage: Passage, parts: PipelineParts, read: ReadFact) => 'missing' | void;

// A step may depend on the steps above it, never on those below. A granted request is forwarded or gets a local page.
// oxfmt-ignore
const steps: readonly Step[] = [
  findRules,           // 403 rule_unmatched
  requireSameSite,     // 403 cross_site
  identify,            // never refuses; an unknown caller is anonymous
  authorize,           // 401 · 402 · 403 · 404; browsers are redirected to the page that resolves it
  keepLocal,           // never refuses
];

/**
 * Runs all steps on a request, then records the engagement and signs the session, which never refuse.
 *
 * @throws Problem of the first step that refuses
 */
export async function passRules(request: RuledRequest, parts: PipelineParts): Promise<GrantedPassage> {
  const passage = await decideWith(parts.memory, (read) => runSteps(request, parts, read));
  await recordEngagement(passage, parts);
  await signSession(passage, parts);
  return passage;
}

/**
 * As `passRules`, from memory: returns undefined, without any effect, if a fact, the visit or the session is not in
 * memory. A visit is in memory when none must be recorded.
 *
 * @throws Problem of the first step that refuses
 */
export function peekRules(request: RuledRequest, parts: PipelineParts): GrantedPassage | undefined {
  const passage = runSteps(request, parts, (fact) => parts.memory.peek(fact));
  if (passage === undefined) return undefined;
  const { ctx, caller, match } = passage;
  if (caller === null || ctx.actor.kind !== 'user') return passage;
  const visit = parts.engagement.peek(ctx.actor.user_id, match.rule.tags, ctx.clock.now());
  if (visit === undefined) return undefined;
  const carrier = match.rule.is_forward ? parts.carriers.peek(ctx, { caller, visit }) : null;
  if (carrier === undefined) return undefined;
  passage.visit = visit;
  passage.carrier = carrier;
  return passage;
}

/** What the steps decide about a request that is not served. */
export interface TriedPassage {
  readonly passage: Passage;
  /** Problem of the first step that refuses; null if the request is granted. */
  readonly refusal: Problem | null;
}

/** Returns the decision of `passRules` with the step that refuses. It records and signs nothing. */
export async function tryRules(request: RuledRequest, parts: PipelineParts): Promise<TriedPassage> {
  return decideWith(parts.memory, (read) => {
    const passage = beginPassage(request);
    try {
      return takeSteps(passage, parts, read) && { passage, refusal: null };
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return { passage, refusal: error };
    }
  });
}

function runSteps(request: RuledRequest, parts: PipelineParts, read: ReadFact): GrantedPassage | undefined {
  return takeSteps(beginPassage(request), parts, read);
}

/** Runs all steps; undefined while a fact is missing. */
function takeSteps(passage: Passage, parts: PipelineParts, read: ReadFact): GrantedPassage | undefined {
  for (const step of steps) if (step(passage, parts, read) === 'missing') return undefined;
  assert(isMatched(passage), 'the first step sets the match or refuses');
  return passage;
}

function beginPassage({ ctx, method, target, is_preflight, is_cross_site }: RuledRequest): Passage {
  return {
    ctx,
    method,
    target,
    is_preflight,
    is_cross_site,
    match: null,
    stricter: [],
    local: null,
    caller: null,
    visit: noVisit,
    carrier: null,
  };
}

function isMatched(passage: Passage): passage is GrantedPassage {
  return passage.match !== null;
}

function findRules(passage: Passage, { rules }: PipelineParts, read: ReadFact): 'missing' | void {
  const compiled = rules.peek(passage.ctx) ?? read(rulesFact(rules, passage.ctx));
  if (!compiled) return 'missing';
  const match = matchRule(compiled, passage.target.segments);
  if (match === 'unmatched') throw gatewayProblems.rule_unmatched();
  passage.match = match;
  const { target } = passage;
  const others = findStricterMatches(compiled, target);
  const stricter = target.uncollapsed ? [...others, matchRule(compiled, target.uncollapsed)] : others;
  if (stricter.includes('unmatched')) throw gatewayProblems.rule_unmatched();
  passage.stricter = stricter.filter((each) => each !== 'unmatched');
  const readable = others.filter((each) => each !== 'unmatched');
  passage.local = readable.find(({ rule }) => !rule.is_forward) ?? null;
}

const compiled_rules = defineFact<CompiledRules>('gateway-rules');

/** The rule book keeps the rules of the last version. */
function rulesFact(rules: RuleBook, ctx: Context): Fact<CompiledRules> {
  return {
    kind: compiled_rules,
    key: '',
    load: async () => ({ value: await rules.get(ctx), tags: [] }),
    is_kept: false,
  };
}

/** Refuses requests of other sites: the upstream gets a signed session and cannot detect that another site sent it. */
function requireSameSite({ is_cross_site }: Passage): void {
  if (is_cross_site) throw httpProblems.cross_site();
}

function identify(passage: Passage, _parts: PipelineParts, read: ReadFact): 'missing' | void {
  const { ctx, is_preflight, match, stricter } = passage;
  const { allow, is_forward } = assertDefined(match).rule;
  const is_open = allow.op === 0 && !is_forward && stricter.every(({ rule }) => rule.allow.op === 0);
  if (ctx.actor.kind !== 'user' || is_preflight || is_open) return;
  const caller = read(callerFact(ctx, ctx.actor.user_id));
  if (caller === undefined) return 'missing';
  passage.caller = caller;
}

function authorize(passage: Passage, { facts }: PipelineParts, read: ReadFact): 'missing' | void {
  if (passage.is_preflight) return;
  const { ctx, caller, method, stricter } = passage;
  for (const match of [assertDefined(passage.match), ...stricter]) {
    const denial = decideMatch(read, ctx, facts, { match, caller, method });
    if (denial === undefined) return 'missing';
    if (denial !== null) throw denialProblem(denial);
  }
}

/** Uses the local rule of another reading: a path with a local rule is not forwarded in another spelling either. */
function keepLocal(passage: Passage): void {
  if (assertDefined(passage.match).rule.is_forward) passage.match = passage.local ?? passage.match;
}

async function recordEngagement(passage: GrantedPassage, { engagement }: PipelineParts): Promise<void> {
  const { ctx, caller, match } = passage;
  if (caller === null || ctx.actor.kind !== 'user') return;
  const { user_id } = ctx.actor;
  const at = ctx.clock.now();
  const { tags } = match.rule;
  passage.visit = engagement.peek(user_id, tags, at) ?? (await engagement.visit(user_id, tags, at));
}

async function signSession(passage: GrantedPassage, { carriers, session_bytes_max }: PipelineParts): Promise<void> {
  const { ctx, caller, match, visit } = passage;
  if (caller === null || !match.rule.is_forward) return;
  const known = carriers.peek(ctx, { caller, visit });
  if (known !== undefined) {
    passage.carrier = known;
    return;
  }
  const complete = makeSession(caller.session, caller.site, visit);
  const session = truncateSession(complete, {
    concern: findConcern(passage),
    carriedBytes: (json_bytes) => carriedBytes(ctx.site.session_backend, json_bytes),
    bytes_max: session_bytes_max,
    profiles_url: `${ctx.origin}${paths.apiSessionProfiles()}`,
  });
  passage.carrier = await carriers.make(ctx, session, session === complete ? { caller, visit } : null);
}

/** Returns the names in the parameters of the rules, then the segments of the path, which may be profiles. */
function findConcern({ match, stricter, target }: GrantedPassage): SessionConcern {
  const params = [match, ...stricter].map((each) => each.params);
  const named = params.flatMap((each) =>
    Object.keys(each).flatMap((name) => (name === 'plan' ? [] : findParams(each, name))),
  );
  return { profiles: [...named, ...target.segments], plans: params.flatMap((each) => findParams(each, 'plan')) };
}

function assertDefined<T>(value: T | null | undefined): T {
  assert(value !== null && value !== undefined, 'an earlier step sets this member');
  return value;
}
