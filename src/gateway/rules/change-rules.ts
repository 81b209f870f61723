import { invalidInput } from '#kernel/problem';
import type { Context } from '#platform/context';
import { inTransaction, type Tx } from '#platform/db/database';
import type { AccessRuleId, SiteId } from '#platform/db/db-schema';
import { lockSite, touchSite } from '#platform/site';
import { editVersion, requireSameVersion } from '#platform/pages/forms/edit-version';
import type { UndoForm } from '#platform/pages/flash';
import { offerUndo } from '#platform/pages/undo/offer-undo';
import type { UndoType } from '#platform/pages/undo/undo-type';
import { type Allow, parseAllow, presentAllow } from './allow.ts';
import { type DeletedRule, deletedRule } from './deleted-rule.ts';
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

/** What a form adds to the change of a rule. */
export interface RuleEdit {
  /** Another path for the rule. */
  readonly path?: string;
  /** Version of the rule that the form showed. */
  readonly version?: string;
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
 * @throws rule_unknown (404) · invalid_input (400) · rule_exists (400) · edit_conflict (409)
 */
export async function updateRule(
  ctx: Context,
  path: string,
  input: RuleInput,
  edit: RuleEdit = {},
): Promise<StoredRule> {
  const allow = input.allow === undefined ? null : parseAllowField(input.allow);
  const new_path = edit.path === undefined ? null : parseRulePath(edit.path);
  return changeSiteRules(ctx, async (tx, site_id) => {
    const rule = await findRule(tx, site_id, path);
    if (!rule) throw gatewayProblems.rule_unknown();
    requireSameVersion(edit.version, editedFields(rule));
    const other = new_path === null ? undefined : await findRule(tx, site_id, new_path);
    if (other && other.id !== rule.id) throw gatewayProblems.rule_exists();
    const rank = Math.max(1, input.rank ?? rule.rank);
    await moveRule(tx, site_id, rule, rank);
    return updateRuleRow(tx, rule.id, {
      rank,
      path: new_path ?? rule.path,
      allow: allow ?? rule.allow,
      is_forward: input.is_forward ?? rule.is_forward,
      engaged: input.engaged?.trim() ?? rule.engaged,
    });
  });
}

/**
 * Deletes a rule; rules with higher ranks move up by one. With `undo_type` the rule can be restored for 60 seconds.
 *
 * @throws rule_unknown (404)
 */
export async function deleteRule(
  ctx: Context,
  path: string,
  undo_type?: UndoType<DeletedRule>,
): Promise<UndoForm | null> {
  return changeSiteRules(ctx, async (tx, site_id) => {
    const rule = await findRule(tx, site_id, path);
    if (!rule) throw gatewayProblems.rule_unknown();
    await deleteRuleRow(tx, rule.id);
    await shiftRanks(tx, site_id, { first: rule.rank + 1, last: null }, -1);
    return undo_type === undefined ? null : offerUndo(ctx, tx, undo_type, deletedRule(rule));
  });
}

/** Places a rule among the others, or at another position of the list that a page showed. */
export interface RulePlace {
  readonly rule_id: AccessRuleId;
  /** One place up or down, or a position from 1. */
  readonly to: 'up' | 'down' | number;
  /** Version of the order that the page showed. */
  readonly version: string;
}

/**
 * Moves a rule to another position in the order of decisions and returns that position.
 *
 * @throws rule_unknown (404) · edit_conflict (409) if the order changed since the page was read
 */
export async function placeRule(
  ctx: Context,
  { rule_id, to, version }: RulePlace,
): Promise<{ rule: StoredRule; position: number; count: number }> {
  return changeSiteRules(ctx, async (tx, site_id) => {
    const rules = await findRules(tx, site_id);
    requireSameVersion(version, orderOf(rules));
    const index = rules.findIndex(({ id }) => id === rule_id);
    const rule = rules[index];
    if (!rule) throw gatewayProblems.rule_unknown();
    const wanted = typeof to === 'number' ? to - 1 : index + (to === 'up' ? -1 : 1);
    const target = Math.min(Math.max(wanted, 0), rules.length - 1);
    await moveRule(tx, site_id, rule, rules[target]?.rank ?? rule.rank);
    return { rule, position: target + 1, count: rules.length };
  });
}

/** Returns the version of the order of rules. */
export function orderVersion(rules: readonly StoredRule[]): string {
  return editVersion(orderOf(rules));
}

/** Returns what the form of a rule edits, for its version. */
export function editedFields({ path, allow, is_forward, engaged }: AccessRule) {
  return { path, allow: presentAllow(allow), is_forward, engaged };
}

function orderOf(rules: readonly StoredRule[]) {
  return { order: rules.map(({ id }) => id) };
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
export async function changeSiteRules<T>(ctx: Context, work: (tx: Tx, site_id: SiteId) => Promise<T>): Promise<T> {
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
