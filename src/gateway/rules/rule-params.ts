import { canonicalName } from '#kernel/slug';

/** A value stored with a rule: one slug, several slugs, or null for the value captured from the path. */
export type AllowValue = string | readonly string[] | null;

/** Parameters of one decision by name: captured from the path, overridden by those of the rule. */
export type RuleParams = Readonly<Record<string, string | readonly string[]>>;

/** Returns the first value of a parameter, or null. */
export function findParam(params: RuleParams, name: string): string | null {
  return findParams(params, name)[0] ?? null;
}

/** Returns all values of a parameter as canonical names; empty if the parameter is missing. */
export function findParams(params: RuleParams, name: string): readonly string[] {
  const value = params[name];
  if (value === undefined) return [];
  return (typeof value === 'string' ? [value] : value).map(canonicalName);
}

/** True if the value can be stored as a parameter. */
export function isAllowValue(value: unknown): value is AllowValue {
  if (value === null || typeof value === 'string') return true;
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
