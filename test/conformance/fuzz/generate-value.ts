import type { Pool } from './pool.ts';
import type { Random } from './random.ts';

/** The part of JSON Schema that docs/reference/openapi.json uses. */
export interface JsonSchema {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema | JsonSchema[];
  additionalProperties?: boolean | JsonSchema;
  patternProperties?: Record<string, JsonSchema>;
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
}

/** Texts at the edges of what a parser, a database or a page can take. */
export const hostileTexts: readonly string[] = [
  '',
  ' ',
  '\t',
  '0',
  '-1',
  'null',
  'true',
  '../../etc/passwd',
  '%00',
  '%2e%2e%2f',
  '%ff',
  'a\u0000b',
  '\ud800',
  'é',
  'e\u0301',
  '日本語',
  '🦊'.repeat(20),
  '\u202e\u200b',
  'line\r\nX-Injected: 1',
  "' or 1=1 --",
  '"; drop table users; --',
  '<script>alert(1)</script>',
  '{{ 7 | times: 7 }}',
  '${7*7}',
  '=HYPERLINK("http://example.test")',
  'x'.repeat(300),
  'x'.repeat(5000),
  '9'.repeat(40),
  '1e400',
  'NaN',
  'Infinity',
  '0001-01-01',
  '9999-12-31T23:59:59.999999Z',
  '-271821-04-20T00:00:00Z',
  '+275760-09-13T00:00:00Z',
  '2026-02-30',
  '2026-13-01T25:61:61Z',
  '2026-03-08T02:30:00',
  '0000-01-01T00:00:00Z',
  '0001-01-01T00:00:00+14:00',
  '9999-12-31T23:59:59-14:00',
  '+010000-01-01T00:00:00Z',
  '2026-01-01T24:00:00Z',
  '2026-06-30T23:59:60Z',
  'infinity',
  'Etc/GMT-14',
  '__proto__',
  'constructor',
  'toString',
  'someone@example.com',
  'someone@xn--',
  `${'a'.repeat(250)}@example.com`,
  '+1 555 010 9999',
];

const hostileNumbers = [0, -0, -1, 1, 0.5, 2 ** 31, 2 ** 53, 2 ** 63, -(2 ** 63), 1e21, 1e308, 5e-324];

const hostileValues: readonly unknown[] = [null, true, false, [], {}, [[]], [null], { a: { b: {} } }, '', 0];

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789-_';

export interface Generator {
  random: Random;
  pool: Pool;
  /** Probability that a value does not follow its schema. */
  hostility: number;
  /** Values of the caller by the name of the field: preferred, so that not every request is refused by the guards. */
  own: Readonly<Record<string, string>>;
}

/** Returns a value for a field of that name: mostly as its schema demands, sometimes at or beyond its edges. */
export function generateValue(generator: Generator, name: string, schema: JsonSchema, depth = 0): unknown {
  const { random } = generator;
  if (random.chance(generator.hostility)) return anyHostileValue(random);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined && schema.enum.length > 0) return random.pick(schema.enum);
  if (schema.anyOf !== undefined && schema.anyOf.length > 0)
    return generateValue(generator, name, random.pick(schema.anyOf), depth);
  switch (typeOf(schema)) {
    case 'null':
      return null;
    case 'boolean':
      return random.chance(0.5);
    case 'integer':
    case 'number':
      return generateNumber(random, schema);
    case 'array':
      return generateArray(generator, name, schema, depth);
    case 'object':
      return generateObject(generator, schema, depth);
    case 'string':
      return generateText(generator, name, schema);
    default:
      return random.pick([...hostileValues, generateText(generator, name, schema)]);
  }
}

function typeOf(schema: JsonSchema): string | undefined {
  const declared = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  return declared ?? (schema.properties === undefined ? undefined : 'object');
}

function anyHostileValue(random: Random): unknown {
  if (random.chance(0.6)) return random.pick(hostileTexts);
  return random.chance(0.5) ? random.pick(hostileNumbers) : random.pick(hostileValues);
}

function generateNumber(random: Random, { minimum = 0, maximum = 10_000 }: JsonSchema): number {
  if (random.chance(0.2)) return random.pick([minimum, maximum, minimum - 1, maximum + 1]);
  return Math.round(minimum + random.next() ** 4 * (maximum - minimum));
}

function generateArray(generator: Generator, name: string, schema: JsonSchema, depth: number): unknown[] {
  const item = Array.isArray(schema.items) ? (schema.items[0] ?? {}) : (schema.items ?? {});
  const length = depth > 4 ? 0 : generator.random.pick([0, 1, 1, 2, 3]);
  return Array.from({ length }, () => generateValue(generator, name, item, depth + 1));
}

function generateObject(generator: Generator, schema: JsonSchema, depth: number): Record<string, unknown> {
  const { random } = generator;
  const required = new Set(schema.required);
  const made: [string, unknown][] = [];
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const wanted = required.has(name) ? !random.chance(generator.hostility) : depth < 4 && random.chance(0.45);
    if (wanted) made.push([name, generateValue(generator, name, property, depth + 1)]);
  }
  if (random.chance(0.03)) made.push([random.pick(hostileTexts), anyHostileValue(random)]);
  return Object.fromEntries(made);
}

/**
 * Returns a text for a field of that name; values of earlier responses are preferred, so that requests find something.
 */
export function generateText(generator: Generator, name: string, schema: JsonSchema): string {
  const { random, pool, own } = generator;
  const of_caller = own[name];
  if (of_caller !== undefined && random.chance(0.5)) return of_caller;
  if (random.chance(0.7)) {
    const known = pool.pick(random, name);
    if (known !== undefined) return known;
  }
  if (schema.format === 'date-time' || name.endsWith('_at'))
    return new Date(Date.UTC(2026, random.below(24) - 6, 1 + random.below(28), random.below(24))).toISOString();
  if (random.chance(0.15)) return random.pick(hostileTexts);
  const length = Math.min(schema.maxLength ?? 20, Math.max(schema.minLength ?? 1, 1 + random.below(20)));
  return Array.from({ length }, () => letters.charAt(random.below(letters.length))).join('');
}
