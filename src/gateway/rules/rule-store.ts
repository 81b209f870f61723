import { sql } from 'kysely';
import type { ListQuery, Page } from '#kernel/page';
import { pointRead } from '#platform/db/built-once';
import type { Reader, Tx } from '#platform/db/database';
import type { AccessRuleId, JsonValue, SiteId } from '#platform/db/db-schema';
import { defineList, listPage } from '#platform/db/list';
import type { Allow } from './allow.ts';
import { type AccessRule, splitPattern } from './rule.ts';
import { type AllowValue, isAllowValue } from './rule-params.ts';

export interface StoredRule extends AccessRule {
  readonly id: AccessRuleId;
}

interface RuleRow {
  id: AccessRuleId;
  rank: number;
  path: string;
  op: number;
  params: JsonValue | null;
  is_forward: boolean;
  engaged: string;
}

const columns = ['id', 'rank', 'path', 'op', 'params', 'is_forward', 'engaged'] as const;

/** Finds all rules of a site, ordered by rank. */
export async function findRules(reader: Reader, site_id: SiteId): Promise<StoredRule[]> {
  const rows = await reader
    .selectFrom('access_rules')
    .select(columns)
    .where('site_id', '=', site_id)
    .orderBy('rank')
    .execute();
  return rows.map(toRule);
}

export const ruleList = defineList({
  search: { path: 'access_rules.path', engaged: 'access_rules.engaged' },
  sort: { rank: 'access_rules.rank', path: 'access_rules.path' },
  default_order: [{ column: 'access_rules.rank', descending: false }],
  tie_breaker: 'access_rules.id',
});

export async function listRules(reader: Reader, site_id: SiteId, list: ListQuery, url: URL): Promise<Page<StoredRule>> {
  const page = await listPage(
    reader,
    reader.selectFrom('access_rules').select(columns).where('site_id', '=', site_id),
    ruleList,
    list,
    url,
  );
  return { ...page, results: page.results.map(toRule) };
}

const ruleByPath = pointRead((reader, site_id: SiteId, path: string) =>
  reader
    .selectFrom('access_rules')
    .select(columns)
    .where('site_id', '=', site_id)
    .where(sql`btrim(regexp_replace(path, '/+', '/', 'g'), '/')`, '=', path)
    .orderBy('rank')
    .limit(1),
);

/** Finds the rule of a path. Ignores repeated slashes and slashes at the ends. */
export async function findRule(reader: Reader, site_id: SiteId, path: string): Promise<StoredRule | undefined> {
  const [row] = await ruleByPath(reader, site_id, splitPattern(path).join('/'));
  return row && toRule(row);
}

export async function insertRule(tx: Tx, site_id: SiteId, rule: AccessRule): Promise<StoredRule> {
  const row = await tx
    .insertInto('access_rules')
    .values({ site_id, rank: rule.rank, path: rule.path, ...changedColumns(rule) })
    .returning(columns)
    .executeTakeFirstOrThrow();
  return toRule(row);
}

export async function updateRuleRow(tx: Tx, id: AccessRuleId, rule: AccessRule): Promise<StoredRule> {
  const row = await tx
    .updateTable('access_rules')
    .set({ rank: rule.rank, path: rule.path, ...changedColumns(rule) })
    .where('id', '=', id)
    .returning(columns)
    .executeTakeFirstOrThrow();
  return toRule(row);
}

export async function deleteRuleRow(tx: Tx, id: AccessRuleId): Promise<void> {
  await tx.deleteFrom('access_rules').where('id', '=', id).execute();
}

/** Shifts the ranks from `first` to `last` (inclusive, null: unbounded) by `step`. The unique index is deferred. */
export async function shiftRanks(
  tx: Tx,
  site_id: SiteId,
  range: { first: number; last: number | null },
  step: 1 | -1,
): Promise<void> {
  const query = tx
    .updateTable('access_rules')
    .set((eb) => ({ rank: eb('rank', '+', step) }))
    .where('site_id', '=', site_id)
    .where('rank', '>=', range.first);
  await (range.last === null ? query : query.where('rank', '<=', range.last)).execute();
}

export async function setRank(tx: Tx, id: AccessRuleId, rank: number): Promise<void> {
  await tx.updateTable('access_rules').set({ rank }).where('id', '=', id).execute();
}

function changedColumns({ allow, is_forward, engaged }: Omit<AccessRule, 'path' | 'rank'>) {
  const params = allow.params === null ? null : JSON.stringify(allow.params);
  return { op: allow.op, params, is_forward, engaged };
}

function toRule({ op, params, ...row }: RuleRow): StoredRule {
  return { ...row, allow: { op, params: toParams(params) } };
}

function toParams(value: JsonValue | null): Allow['params'] {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return null;
  const params: Record<string, AllowValue> = {};
  for (const [name, member] of Object.entries(value)) {
    if (isAllowValue(member)) params[name] = member;
  }
  return params;
}
