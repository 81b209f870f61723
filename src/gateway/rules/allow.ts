import { operators } from './operators.ts';
import { type AllowValue, isAllowValue, type RuleParams } from './rule-params.ts';

/** An operator with its stored parameters; `params` is null if the rule has only the number. */
export interface Allow {
  readonly op: number;
  readonly params: Readonly<Record<string, AllowValue>> | null;
}

const words: ReadonlyMap<string, number> = new Map([
  ['any', 0],
  ['authenticated', 1],
]);
const json_length_max = 1000;

/**
 * Parses `allow`: `1`, `"1"`, `"authenticated"`, `"15/{\"plan\": \"premium\"}"`. Returns a sentence for invalid input.
 *
 * Splits at the first slash only, since values may contain slashes. Adds the defaults of the operator and drops
 * parameters that the operator does not have.
 */
export function parseAllow(value: unknown): Allow | string {
  if (typeof value === 'number') return makeAllow(value, null);
  if (typeof value !== 'string') return 'Enter an operator number, or a number and its parameters.';
  const slash = value.indexOf('/');
  const head = (slash === -1 ? value : value.slice(0, slash)).trim();
  const op = words.get(head.toLowerCase()) ?? (/^[0-9]{1,4}$/.test(head) ? Number(head) : Number.NaN);
  if (Number.isNaN(op)) return `"${head}" is not the number of an access rule.`;
  return makeAllow(op, slash === -1 ? null : value.slice(slash + 1));
}

/** Formats `allow` for responses; `parseAllow` is its inverse. */
export function presentAllow(allow: Allow): string {
  if (allow.params === null) return String(allow.op);
  const members = Object.entries(allow.params).map(
    ([name, value]) => `${JSON.stringify(name)}: ${presentValue(value)}`,
  );
  return `${allow.op}/{${members.join(', ')}}`;
}

/** Returns the captured parameters, overridden by those of the rule. A stored null keeps the captured value. */
export function mergeParams(captured: Readonly<Record<string, string>>, allow: Allow): RuleParams {
  if (allow.params === null) return captured;
  const params: Record<string, string | readonly string[]> = { ...captured };
  for (const [name, value] of Object.entries(allow.params)) {
    if (value !== null) params[name] = value;
  }
  return params;
}

function makeAllow(op: number, json: string | null): Allow | string {
  const operator = operators[op];
  if (operator === undefined) return `There is no access rule number ${op}.`;
  if (json === null) return { op, params: null };
  if (json.length > json_length_max) return 'The parameters of the access rule are too long.';
  const given = parseObject(json);
  if (given === null) return 'The parameters of the access rule are not a JSON object.';
  const params: Record<string, AllowValue> = {};
  for (const [name, default_value] of Object.entries(operator.params)) {
    const value = Object.hasOwn(given, name) ? given[name] : default_value;
    if (!isAllowValue(value)) return `The parameter "${name}" must be a text, a list of texts or null.`;
    params[name] = value;
  }
  return { op, params };
}

function parseObject(json: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(json);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function presentValue(value: AllowValue): string {
  if (value === null || typeof value === 'string') return JSON.stringify(value);
  return `[${value.map((item) => JSON.stringify(item)).join(', ')}]`;
}
