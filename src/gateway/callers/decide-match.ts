import assert from 'node:assert/strict';
import { type Denial, operators, type RuleMatch } from '../rules/index.ts';
import { collectFacts, type FactContext, type FactSettings } from './collect-facts.ts';
import type { ReadFact } from './fact.ts';
import type { KnownCaller } from './load-callers.ts';

/** Returns the reason why the rule refuses the request, or null; undefined while a fact is missing. */
export function decideMatch(
  read: ReadFact,
  ctx: FactContext,
  settings: FactSettings,
  { match, caller, method }: { match: RuleMatch; caller: KnownCaller | null; method: string },
): Denial | null | undefined {
  const { rule, params } = match;
  if (rule.allow.op === 0) return null;
  const operator = operators[rule.allow.op];
  assert(operator, 'every stored rule has the number of an operator');
  const is_read = method === 'GET' || method === 'HEAD';
  const facts = collectFacts(read, ctx, settings, { operator, params, caller, is_read });
  return facts && operator.decide(facts, params);
}
