import { actorId } from '#platform/actor-id';
import type { Clock } from '#platform/clock';
import type { SessionId, UserId } from '#platform/db/db-schema';
import type { Db } from '#platform/db/database';
import { findSite, type Site } from '#platform/site';
import {
  decideMatch,
  decideWith,
  type FactSettings,
  type KnownCaller,
  loadCallers,
  noMemory,
  type ReadFact,
} from '../callers/index.ts';
import type { OpenStream } from './open-streams.ts';
import { type CompiledRules, matchRule, type RuleBook, findStricterMatches } from '../rules/index.ts';

/** The signed-in caller of an open stream, with the credentials that accounts checks. */
export interface StreamCaller {
  readonly stream: OpenStream;
  readonly user_id: UserId;
  readonly session_id: SessionId | null;
  readonly authorization: string | undefined;
}

export interface StreamCheckParts {
  readonly db: Db;
  readonly rules: RuleBook;
  readonly facts: FactSettings;
  /** Returns the callers whose session or API key is still valid. */
  readonly stillSignedIn: (
    db: Db,
    clock: Clock,
    callers: readonly StreamCaller[],
  ) => Promise<ReadonlySet<StreamCaller>>;
}

/**
 * Returns the streams whose request would be refused now: signed out, deactivated, or refused by the rules.
 *
 * One query for the site, one for the sessions and five for all callers. The operators of the rules add their own
 * queries once per caller and path.
 */
export async function findRefusedStreams(
  parts: StreamCheckParts,
  streams: readonly OpenStream[],
): Promise<readonly OpenStream[]> {
  const [first] = streams;
  const site = await findSite(parts.db);
  if (!first || !site) return [];
  const ctx = { ...first.ctx, site };
  const callers = streams.flatMap((stream) => callerOf(stream) ?? []);
  const signed_in = await parts.stillSignedIn(parts.db, ctx.clock, callers);
  const callers_by_id = await loadCallers(ctx, [...new Set(callers.map(({ user_id }) => user_id))]);
  const rules = await parts.rules.get(ctx);
  const signedOut = new Set(callers.filter((caller) => !signed_in.has(caller)).map(({ stream }) => stream));

  const decided = new Map<string, boolean>();
  const refused: OpenStream[] = [];
  for (const stream of streams) {
    const user_id = actorId(stream.ctx);
    const key = `${user_id ?? ''} ${stream.method} ${stream.target.path}`;
    const caller = user_id === null ? null : (callers_by_id.get(user_id) ?? null);
    if (signedOut.has(stream) || (user_id !== null && caller === null)) {
      refused.push(stream);
      continue;
    }
    // The key has no session: another session of the same caller may still be valid.
    const is_refused = decided.get(key) ?? (await isRefused({ parts, site, rules }, stream, caller));
    decided.set(key, is_refused);
    if (is_refused) refused.push(stream);
  }
  return refused;
}

async function isRefused(
  { parts, site, rules }: { parts: StreamCheckParts; site: Site; rules: CompiledRules },
  { ctx, method, target }: OpenStream,
  caller: KnownCaller | null,
): Promise<boolean> {
  const uncollapsed = target.uncollapsed ? [matchRule(rules, target.uncollapsed)] : [];
  const readable = findStricterMatches(rules, target);
  if (readable.some((match) => match !== 'unmatched' && !match.rule.is_forward)) return true;
  const others = [...readable, ...uncollapsed];
  const first = matchRule(rules, target.segments);
  if (site.entry_point === null || first === 'unmatched' || !first.rule.is_forward) return true;
  for (const match of [first, ...others]) {
    if (match === 'unmatched') return true;
    const decide = (read: ReadFact) => decideMatch(read, ctx, parts.facts, { match, caller, method });
    if ((await decideWith(noMemory, decide)) !== null) return true;
  }
  return false;
}

function callerOf(stream: OpenStream): StreamCaller | null {
  const { actor } = stream.ctx;
  if (actor.kind !== 'user') return null;
  return { stream, user_id: actor.user_id, session_id: actor.session_id, authorization: stream.authorization };
}
