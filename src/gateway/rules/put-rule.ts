import type { Context } from '#platform/context';
import { createRule, type RuleInput, updateRule } from './change-rules.ts';
import { findRule, type StoredRule } from './rule-store.ts';

/**
 * Changes the rule of that path, or creates it above all others when there is none.
 * @throws invalid_input (400) · rule_exists (400) when another request creates it at the same time
 */
export async function putRule(ctx: Context, input: RuleInput & { path: string }): Promise<StoredRule> {
  const found = await findRule(ctx.db, ctx.site.id, input.path);
  return found ? updateRule(ctx, found.path, input) : createRule(ctx, input);
}
