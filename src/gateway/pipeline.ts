import assert from 'node:assert/strict';
import type { Context } from '#platform/context';
import { paths } from '#platform/http/paths';
import { httpProblems } from '#platform/http/problems';
import {
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
import { decideMatch, type FactSettings, type KnownCaller, type KnownCallers } from './callers/index.ts';
import { gatewayProblems } from './problems.ts';
import { type EngagementRecorder, noVisit, type Visit } from './engagements/index.ts';

/** Objects that the steps share. */
export interface PipelineParts {
  readonly rules: RuleBook;
  readonly callers: KnownCallers;
  readonly facts: FactSettings;
  readonly engagement: EngagementRecorder;
  readonly carriers: SessionCarriers;
  /** Largest header that carries a session. */
  readonly session_bytes_max: number;
}

/** A request in the pipeline. Each step sets members that later steps read. */
export interface Passage {
  readonly ctx: Context;
  readonly method: string;
  readonly target: RequestTarget;
  /** A CORS preflight: forwarded without body, credentials and session, under any rule. */
  readonly is_preflight: boolean;
  /** A page of another origin caused an unsafe request or an upgrade that carries Tollgate's cookie. */
  readonly is_cross_site: boolean;
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

/** @throws Problem that refuses the request */
type Step = (passage: Passage, parts: PipelineParts) => Promise<void> | void;

// A step may depend on the steps above it, never on those below. A granted request is forwarded or gets a local page.
// oxfmt-ignore
const steps: readonly Step[] = [
  findRules,           // 403 rule_unmatched
  requireSameSite,     // 403 cross_site
  identify,            // never refuses; an unknown caller is anonymous
  authorize,           // 401 · 402 · 403 · 404; browsers are redirected to the page that resolves it
  keepLocal,           // never refuses
  recordEngagement,    // never refuses, never waits
  signSession,         // never refuses
];

/**
 * Runs all steps on a request.
 *
 * @throws Problem of the first step that refuses
 */
export async function passRules(
  request: Pick<Passage, 'ctx' | 'method' | 'target' | 'is_preflight' | 'is_cross_site'>,
  parts: PipelineParts,
): Promise<GrantedPassage> {
  const passage: Passage = {
    ...request,
    match: null,
    stricter: [],
    local: null,
    caller: null,
    visit: noVisit,
    carrier: null,
  };
  for (const step of steps) {
    const waiting = step(passage, parts);
    if (waiting) await waiting;
  }
  return { ...passage, match: assertDefined(passage.match) };
}

async function findRules(passage: Passage, { rules }: PipelineParts): Promise<void> {
  const compiled = await rules(passage.ctx);
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

/** Refuses requests of other sites: the upstream gets a signed session and cannot detect that another site sent it. */
function requireSameSite({ is_cross_site }: Passage): void {
  if (is_cross_site) throw httpProblems.cross_site();
}

async function identify(passage: Passage, { callers }: PipelineParts): Promise<void> {
  const { ctx, is_preflight, match, stricter } = passage;
  const { allow, is_forward } = assertDefined(match).rule;
  const is_open = allow.op === 0 && !is_forward && stricter.every(({ rule }) => rule.allow.op === 0);
  if (ctx.actor.kind !== 'user' || is_preflight || is_open) return;
  passage.caller = await callers.get(ctx, ctx.actor.user_id);
}

async function authorize(passage: Passage, { facts }: PipelineParts): Promise<void> {
  if (passage.is_preflight) return;
  const { ctx, caller, method, stricter } = passage;
  for (const match of [assertDefined(passage.match), ...stricter]) {
    const denial = await decideMatch(ctx, facts, { match, caller, method });
    if (denial !== null) throw denialProblem(denial);
  }
}

/** Uses the local rule of another reading: a path with a local rule is not forwarded in another spelling either. */
function keepLocal(passage: Passage): void {
  if (assertDefined(passage.match).rule.is_forward) passage.match = passage.local ?? passage.match;
}

function recordEngagement(passage: Passage, { engagement }: PipelineParts): void {
  const { ctx, caller, match } = passage;
  if (caller === null || ctx.actor.kind !== 'user') return;
  passage.visit = engagement.visit(ctx.actor.user_id, assertDefined(match).rule.tags, caller.visits, ctx.clock.now());
}

async function signSession(passage: Passage, { carriers, session_bytes_max }: PipelineParts): Promise<void> {
  const { ctx, caller, match, visit } = passage;
  if (caller === null || !assertDefined(match).rule.is_forward) return;
  const session = truncateSession(makeSession(caller.session, caller.site, visit), {
    concern: findConcern(passage),
    carriedBytes: (json_bytes) => carriedBytes(ctx.site.session_backend, json_bytes),
    bytes_max: session_bytes_max,
    profiles_url: `${ctx.origin}${paths.apiSessionProfiles()}`,
  });
  passage.carrier = await carriers(ctx, caller.username, session);
}

/** Returns the names in the parameters of the rules, then the segments of the path, which may be profiles. */
function findConcern({ match, stricter, target }: Passage): SessionConcern {
  const params = [assertDefined(match), ...stricter].map((each) => each.params);
  const named = params.flatMap((each) =>
    Object.keys(each).flatMap((name) => (name === 'plan' ? [] : findParams(each, name))),
  );
  return { profiles: [...named, ...target.segments], plans: params.flatMap((each) => findParams(each, 'plan')) };
}

function assertDefined<T>(value: T | null | undefined): T {
  assert(value !== null && value !== undefined, 'an earlier step sets this member');
  return value;
}
