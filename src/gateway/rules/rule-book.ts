import type { Context } from '#platform/context';
import { type CompiledRules, compileRules } from './rule.ts';
import { findRules } from './rule-store.ts';

export type RuleBook = (ctx: Context) => Promise<CompiledRules>;

/** Makes a function that returns the compiled rules of the site, cached until the version of the site changes. */
export function makeRuleBook(): RuleBook {
  let cached: { version: number; rules: Promise<CompiledRules> } | null = null;
  return async (ctx) => {
    const { id, version } = ctx.site;
    if (cached?.version !== version) {
      const rules = findRules(ctx.db, id).then(compileRules);
      const entry = { version, rules };
      cached = entry;
      rules.catch(() => {
        if (cached === entry) cached = null;
      });
    }
    return cached.rules;
  };
}
