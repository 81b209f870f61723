import type { RawBuilder } from 'kysely';

/** A rule that must hold at any instant, with the query that returns the rows which break it. */
export interface Rule {
  readonly rule: string;
  readonly query: RawBuilder<Record<string, unknown>>;
}

/** Makes a rule. */
export const define = (rule: string, query: RawBuilder<unknown>): Rule => ({
  rule,
  query: query as Rule['query'], // rows are only printed
});
