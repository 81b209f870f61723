import type { Context } from '#platform/context';
import { type CompiledRules, compileRules } from './rule.ts';
import { allRules } from './rule-store.ts';

export type RuleBook = (ctx: Context) => Promise<CompiledRules>;

/** Answers the compiled rules of the site; they are compiled again when its version has moved. */
export function makeRuleBook(): RuleBook {
  let held: { version: number; rules: Promise<CompiledRules> } | null = null;
  return async (ctx) => {
    const { id, version } = ctx.site;
    if (held?.version !== version) {
      const rules = allRules(ctx.db, id).then(compileRules);
      const entry = { version, rules };
      held = entry;
      rules.catch(() => {
        if (held === entry) held = null;
      });
    }
    return held.rules;
  };
}
