import { invalidInput } from '#kernel/problem';
import type { Context } from '#platform/context';
import { inTransaction, type Tx } from '#platform/db/database';
import type { SiteId } from '#platform/db/db-schema';
import { lockSite, touchSite } from '#platform/site';
import { type Allow, parseAllow } from './allow.ts';
import { gatewayProblems } from '../problems.ts';
import type { AccessRule } from './rule.ts';
import {
  findRules,
  deleteRuleRow,
  findRule,
  insertRule,
  setRank,
  shiftRanks,
  type StoredRule,
  updateRuleRow,
} from './rule-store.ts';

export interface RuleInput {
  readonly rank?: number | undefined;
  readonly allow?: unknown;
  readonly is_forward?: boolean | undefined;
  readonly engaged?: string | undefined;
}

export interface RankMove {
  readonly oldpos: number;
  readonly newpos: number;
}

const rule_path = /^\/[-A-Za-z0-9:{}/._~%]*$/;

/**
 * Creates a rule at the given rank, 1 by default. If the rank is taken, rules from that rank on move down by one.
 *
 * @throws rule_exists (400) · invalid_input (400)
 */
export async function createRule(ctx: Context, input: RuleInput & { readonly path: string }): Promise<StoredRule> {
  const path = parseRulePath(input.path);
  const rule: AccessRule = {
    rank: Math.max(1, input.rank ?? 1),
    path,
    allow: input.allow === undefined ? { op: 1, params: null } : parseAllowField(input.allow),
    is_forward: input.is_forward ?? true,
    engaged: input.engaged?.trim() ?? '',
  };
  return changeSiteRules(ctx, async (tx, site_id) => {
    if (await findRule(tx, site_id, path)) throw gatewayProblems.rule_exists();
    const rules = await findRules(tx, site_id);
    if (rules.some(({ rank }) => rank === rule.rank)) {
      await shiftRanks(tx, site_id, { first: rule.rank, last: null }, 1);
    }
    return insertRule(tx, site_id, rule);
  });
}

/**
 * Changes a rule; omitted fields keep their value. With another rank the rules between both ranks shift by one.
 *
 * @throws rule_unknown (404) · invalid_input (400)
 */
export async function updateRule(ctx: Context, path: string, input: RuleInput): Promise<StoredRule> {
  const allow = input.allow === undefined ? null : parseAllowField(input.allow);
  return changeSiteRules(ctx, async (tx, site_id) => {
    const rule = await findRule(tx, site_id, path);
    if (!rule) throw gatewayProblems.rule_unknown();
    const rank = Math.max(1, input.rank ?? rule.rank);
    await moveRule(tx, site_id, rule, rank);
    return updateRuleRow(tx, rule.id, {
      rank,
      allow: allow ?? rule.allow,
      is_forward: input.is_forward ?? rule.is_forward,
      engaged: input.engaged?.trim() ?? rule.engaged,
    });
  });
}

/**
 * Deletes a rule; rules with higher ranks move up by one.
 *
 * @throws rule_unknown (404)
 */
export async function deleteRule(ctx: Context, path: string): Promise<void> {
  await changeSiteRules(ctx, async (tx, site_id) => {
    const rule = await findRule(tx, site_id, path);
    if (!rule) throw gatewayProblems.rule_unknown();
    await deleteRuleRow(tx, rule.id);
    await shiftRanks(tx, site_id, { first: rule.rank + 1, last: null }, -1);
  });
}

/** Moves rules in the given order in one transaction. Skips a move whose `oldpos` no rule has. */
export async function moveRules(ctx: Context, moves: readonly RankMove[]): Promise<void> {
  await changeSiteRules(ctx, async (tx, site_id) => {
    for (const { oldpos, newpos } of moves) {
      const rules = await findRules(tx, site_id);
      const rule = rules.find(({ rank }) => rank === oldpos);
      if (rule) await moveRule(tx, site_id, rule, Math.max(1, newpos));
    }
  });
}

/** Sets the rank of a rule and shifts the rules between its old and its new rank by one. */
async function moveRule(tx: Tx, site_id: SiteId, rule: StoredRule, rank: number): Promise<void> {
  if (rank === rule.rank) return;
  if (rank < rule.rank) await shiftRanks(tx, site_id, { first: rank, last: rule.rank - 1 }, 1);
  else await shiftRanks(tx, site_id, { first: rule.rank + 1, last: rank }, -1);
  await setRank(tx, rule.id, rank);
}

/**
 * Changes the rules of the site and its version, by which every node notices the change.
 *
 * Locks: the row of the site, since ranks depend on each other.
 */
async function changeSiteRules<T>(ctx: Context, work: (tx: Tx, site_id: SiteId) => Promise<T>): Promise<T> {
  const site_id = ctx.site.id;
  return inTransaction(ctx.db, async (tx) => {
    await lockSite(tx, site_id);
    const result = await work(tx, site_id);
    await touchSite(tx, site_id);
    return result;
  });
}

/**
 * Parses the path of a rule; the leading slash is optional.
 *
 * @throws invalid_input (400) naming `path`
 */
export function parseRulePath(text: string): string {
  const path = text.startsWith('/') ? text : `/${text}`;
  if (path.length > 255) throw invalidInput({ path: ['Ensure this field has no more than 255 characters.'] });
  if (!rule_path.test(path)) {
    throw invalidInput({ path: ['Letters, digits, and - : { } / . _ ~ % only.'] });
  }
  if (/(?:^|\/)\.{1,2}(?:\/|$)/.test(path)) throw invalidInput({ path: ['No request matches a dot segment.'] });
  return path;
}

function parseAllowField(value: unknown): Allow {
  const allow = parseAllow(value);
  if (typeof allow === 'string') throw invalidInput({ allow: [allow] });
  return allow;
}
