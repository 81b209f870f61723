import { canonicalName } from '#kernel/slug';

/** A value stored with a rule: a slug, several slugs, or null for "taken from the path". */
export type AllowValue = string | readonly string[] | null;

/** Parameters of one decision, by name: captured from the path, then overridden by those of the rule. */
export type RuleParams = Readonly<Record<string, string | readonly string[]>>;

/** First name of a parameter, or null. */
export function textParam(params: RuleParams, name: string): string | null {
  return listParam(params, name)[0] ?? null;
}

/** All names of a parameter, in the form in which names are compared; empty when it is not there. */
export function listParam(params: RuleParams, name: string): readonly string[] {
  const value = params[name];
  if (value === undefined) return [];
  return (typeof value === 'string' ? [value] : value).map(canonicalName);
}

/** Says whether a value may stand as a stored parameter. */
export function isAllowValue(value: unknown): value is AllowValue {
  if (value === null || typeof value === 'string') return true;
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
