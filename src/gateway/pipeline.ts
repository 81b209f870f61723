import assert from 'node:assert/strict';
import type { Context } from '#platform/context';
import { httpProblems } from '#platform/http/problems';
import type { RuleBook } from './rule-book.ts';
import { problemOf } from './denial.ts';
import type { KnownCallers } from './known-callers.ts';
import { type FactSources, type KnownCaller, loadFacts } from './load-facts.ts';
import { operators } from './operators.ts';
import { gatewayProblems } from './problems.ts';
import type { EngagementRecorder } from './record-engagement.ts';
import type { RequestTarget } from './request-target.ts';
import { matchRule, type RuleMatch } from './rule.ts';
import { makeSession, noVisit, type Visit } from './session.ts';
import type { SessionCarriers } from './session-carriers.ts';
import type { SessionCarrier } from './session-token.ts';

/** What the steps work with besides the request. */
export interface PipelineParts {
  readonly rules: RuleBook;
  readonly callers: KnownCallers;
  readonly sources: FactSources;
  readonly engagement: EngagementRecorder;
  readonly carriers: SessionCarriers;
}

/** A request on its way through the steps; each fills in what the later ones read. */
export interface Passage {
  readonly ctx: Context;
  readonly method: string;
  readonly target: RequestTarget;
  /** A CORS preflight: forwarded without body, credentials and session, under any rule. */
  readonly is_preflight: boolean;
  /** A page of another origin caused an unsafe request or an upgrade that carries Tollgate's cookie. */
  readonly is_cross_site: boolean;
  match: RuleMatch | null;
  caller: KnownCaller | null;
  visit: Visit;
  carrier: SessionCarrier | null;
}

export type Passed = Passage & { readonly match: RuleMatch };

/** Throws the Problem with which it refuses. */
type Step = (passage: Passage, parts: PipelineParts) => Promise<void> | void;

// A step may rely on all above it and on nothing below. What is granted is then forwarded, or answered here.
// oxfmt-ignore
const steps: readonly Step[] = [
  findRule,            // 403 rule_unmatched · 400 path_refused
  refuseCrossSite,     // 403 cross_site
  identify,            // never refuses: whom nobody knows is anonymous
  authorize,           // 401 · 402 · 403 · 404; browsers are led to what mends it
  recordEngagement,    // never refuses, never waits
  signSession,         // never refuses
];

/** Takes a request through all steps; throws the refusal of the first that says no. */
export async function passRules(
  request: Pick<Passage, 'ctx' | 'method' | 'target' | 'is_preflight' | 'is_cross_site'>,
  parts: PipelineParts,
): Promise<Passed> {
  const passage: Passage = { ...request, match: null, caller: null, visit: noVisit, carrier: null };
  for (const step of steps) {
    const waiting = step(passage, parts);
    if (waiting) await waiting;
  }
  return { ...passage, match: known(passage.match) };
}

async function findRule(passage: Passage, { rules }: PipelineParts): Promise<void> {
  const outcome = matchRule(await rules(passage.ctx), passage.target);
  if (outcome === 'ambiguous') throw gatewayProblems.path_refused();
  if (outcome === 'unmatched') throw gatewayProblems.rule_unmatched();
  passage.match = outcome;
}

/** The upstream sees a signed session and cannot see that the caller's page did not send the request. */
function refuseCrossSite({ is_cross_site }: Passage): void {
  if (is_cross_site) throw httpProblems.cross_site();
}

async function identify(passage: Passage, { callers }: PipelineParts): Promise<void> {
  const { ctx, match } = passage;
  const { allow, is_forward } = known(match).rule;
  if (ctx.actor.kind !== 'user' || passage.is_preflight || (allow.op === 0 && !is_forward)) return;
  passage.caller = await callers.get(ctx, ctx.actor.user_id);
}

async function authorize(passage: Passage, { sources }: PipelineParts): Promise<void> {
  const { ctx, caller, method } = passage;
  const { rule, params } = known(passage.match);
  if (rule.allow.op === 0 || passage.is_preflight) return;
  const operator = known(operators[rule.allow.op]);
  const is_read = method === 'GET' || method === 'HEAD';
  const facts = await loadFacts(ctx, sources, { operator, params, caller, is_read });
  const denial = operator.decide(facts, params);
  if (denial !== null) throw problemOf(denial);
}

function recordEngagement(passage: Passage, { engagement }: PipelineParts): void {
  const { ctx, caller, match } = passage;
  if (caller === null || ctx.actor.kind !== 'user') return;
  passage.visit = engagement.visit(ctx.actor.user_id, known(match).rule.tags, caller.visits, ctx.clock.now());
}

async function signSession(passage: Passage, { carriers }: PipelineParts): Promise<void> {
  const { ctx, caller, match, visit } = passage;
  if (caller === null || !known(match).rule.is_forward) return;
  passage.carrier = await carriers(ctx, caller.username, makeSession(caller.session, caller.site, visit));
}

function known<T>(value: T | null | undefined): T {
  assert(value !== null && value !== undefined, 'an earlier step has filled this in');
  return value;
}
