import assert from 'node:assert/strict';
import type { Context } from '#platform/context';
import { type Denial, operators, type RuleMatch } from '../rules/index.ts';
import type { KnownCaller } from './load-callers.ts';
import { type FactSettings, loadFacts } from './load-facts.ts';

/** Returns the reason why the rule refuses the request, or null. */
export async function decideMatch(
  ctx: Context,
  settings: FactSettings,
  { match, caller, method }: { match: RuleMatch; caller: KnownCaller | null; method: string },
): Promise<Denial | null> {
  const { rule, params } = match;
  if (rule.allow.op === 0) return null;
  const operator = operators[rule.allow.op];
  assert(operator, 'every stored rule has the number of an operator');
  const is_read = method === 'GET' || method === 'HEAD';
  return operator.decide(await loadFacts(ctx, settings, { operator, params, caller, is_read }), params);
}
