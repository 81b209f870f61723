import type { Context } from '#platform/context';
import { createRule, type RuleInput, updateRule } from './change-rules.ts';
import { findRule, type StoredRule } from './rule-store.ts';

/**
 * Changes the rule of the path; creates it at the first rank if there is none.
 *
 * @throws invalid_input (400) · rule_exists (400) if a concurrent request creates it
 */
export async function putRule(ctx: Context, input: RuleInput & { path: string }): Promise<StoredRule> {
  const existing = await findRule(ctx.db, ctx.site.id, input.path);
  return existing ? updateRule(ctx, existing.path, input) : createRule(ctx, input);
}
