import type { Context } from '#platform/context';
import { type CompiledRules, compileRules } from './rule.ts';
import { findRules } from './rule-store.ts';

type SiteContext = Pick<Context, 'db' | 'site'>;

/** The compiled rules of the site, cached until the version of the site changes. */
export interface RuleBook {
  /** Returns undefined if the rules of this version are not in memory. */
  peek(ctx: SiteContext): CompiledRules | undefined;
  get(ctx: SiteContext): Promise<CompiledRules>;
}

export function makeRuleBook(): RuleBook {
  let compiled: { version: number; rules: CompiledRules } | null = null;
  let loading: { version: number; rules: Promise<CompiledRules> } | null = null;

  async function load({ db, site: { id, version } }: SiteContext): Promise<CompiledRules> {
    const rules = compileRules(await findRules(db, id));
    compiled = { version, rules };
    return rules;
  }

  const peek = ({ site }: SiteContext) => (compiled?.version === site.version ? compiled.rules : undefined);
  return {
    peek,
    async get(ctx) {
      const present = peek(ctx);
      if (present) return present;
      const { version } = ctx.site;
      if (loading?.version === version) return loading.rules;
      const entry = { version, rules: load(ctx) };
      loading = entry;
      try {
        return await entry.rules;
      } finally {
        if (loading === entry) loading = null;
      }
    },
  };
}
