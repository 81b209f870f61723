import { findPlansBySlugs, listPlans } from '#catalog';
import { parseListQuery } from '#kernel/page';
import { mergeReads } from '#platform/db/merge-reads';
import type { Context } from '#platform/context';
import { findAllAgreements, listRoleTypes } from '#profiles';
import { type AccessRule, findRules, type StoredRule } from '../rules/index.ts';

/** Titles by slug of what rules name. */
export interface RuleNames {
  readonly plans: ReadonlyMap<string, string>;
  readonly roles: ReadonlyMap<string, string>;
  readonly agreements: ReadonlyMap<string, string>;
  /** Name of the site: a rule without a profile asks for roles on its broker. */
  readonly site: string;
}

/** Plans that a form offers; a rule may name any other. */
const PLANS_MAX = 100;

/** Loads the rules in order, and the titles of all plans, roles and agreements that they name or may name. */
export async function loadRules(ctx: Context): Promise<{ rules: StoredRule[]; names: RuleNames }> {
  const { db, site, origin } = ctx;
  const list = parseListQuery({ page_size: String(PLANS_MAX) }, () => null);
  const url = new URL(origin);
  const [rules, plans, roles, agreements] = await mergeReads(db, [
    (together) => findRules(together, site.id),
    (together) => listPlans(together, { is_active: true }, list, url),
    (together) => listRoleTypes(together, site.broker_id, list, url),
    (together) => findAllAgreements(together),
  ]);
  const titles = new Map(plans.results.map(({ slug, title }) => [slug, title]));
  const unlisted = rules.flatMap((rule) => paramsOf(rule, 'plan')).filter((slug) => !titles.has(slug));
  for (const [slug, { title }] of await findPlansBySlugs(db, unlisted)) titles.set(slug, title);
  return {
    rules,
    names: {
      plans: titles,
      roles: new Map(roles.results.map(({ slug, title }) => [slug, title])),
      agreements: new Map(agreements.map(({ slug, title }) => [slug, title])),
      site: site.title,
    },
  };
}

/** Returns the values of a parameter that a rule stores. */
export function paramsOf({ allow }: Pick<AccessRule, 'allow'>, name: string): readonly string[] {
  const value = allow.params?.[name] ?? null;
  if (value === null) return [];
  return typeof value === 'string' ? [value] : value;
}
