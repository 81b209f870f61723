import assert from 'node:assert/strict';
import { CompiledQuery, type Expression, type OperationNode, sql } from 'kysely';
import { fillSlots, makeSlots } from './built-once.ts';
import type { Reader } from './database.ts';
import { prepareAtFirstRun } from './prepared.ts';

/**
 * A piece of SQL with its values, of which a statement is put together. Its text is compiled once per shape: the texts
 * between the values, in their order. Other builders of Kysely accept a fragment as an expression.
 *
 * Why: building and compiling a statement of ten parts with Kysely takes longer than its execution.
 */
export class Fragment<T = unknown> implements Expression<T> {
  readonly texts: readonly string[];
  /** Between the texts: nested fragments, and values that become parameters. */
  readonly values: readonly unknown[];

  constructor(texts: readonly string[], values: readonly unknown[]) {
    this.texts = texts;
    this.values = values;
  }

  get expressionType(): T | undefined {
    return undefined;
  }

  toOperationNode(): OperationNode {
    // Cast: `sql` reads the strings only, never `raw`.
    return sql<T>(this.texts as TemplateStringsArray, ...this.values).toOperationNode();
  }
}

/** Makes a fragment of a text in the source, as the tag `sql` of Kysely does. */
export function fragment<T = unknown>(texts: TemplateStringsArray, ...values: readonly unknown[]): Fragment<T> {
  return new Fragment<T>(texts, values);
}

const verbatim = new Map<string, Fragment>();

/** Makes a fragment of a text without values; for texts of the program only: each is kept. */
export function verbatimFragment(text: string): Fragment {
  let made = verbatim.get(text);
  if (!made) verbatim.set(text, (made = new Fragment([text], [])));
  return made;
}

/** Makes the fragment of a name of a table or a column. */
export function nameFragment(name: string): Fragment {
  return verbatimFragment(`"${name.replaceAll('"', '""')}"`);
}

/** Ids of rows: given ones, or those that a query selects. */
export type Ids<Id extends number> = readonly Id[] | Fragment;

/** The right side of a comparison with ids: `where id = ${anyOf(ids)}`. */
export function anyOf(ids: Ids<number>): Fragment {
  return ids instanceof Fragment ? fragment`any(array(${ids}))` : fragment`any(${[...new Set(ids)]}::bigint[])`;
}

/** Joins fragments by a separator. */
export function joinFragments(fragments: readonly Fragment[], separator = ', '): Fragment {
  return new Fragment(separators(fragments.length, separator), fragments);
}

const joins = new Map<string, readonly string[]>();

/** The texts around the members of a list; equal lists have the same texts, which identify the shape. */
function separators(count: number, separator: string): readonly string[] {
  const key = `${count}${separator}`;
  let texts = joins.get(key);
  if (!texts) {
    texts = Array.from({ length: count + 1 }, (_, index) => (index === 0 || index === count ? '' : separator));
    joins.set(key, texts);
  }
  return texts;
}

/**
 * Makes a function that returns a query of Kysely as a fragment: built and compiled at the first call, then filled with
 * the values of each call. No condition may depend on a value, as for `builtOnce`.
 */
export function queryFragment<V extends readonly unknown[], O>(
  build: (reader: Reader, ...values: V) => { compile(): CompiledQuery<O> },
): (reader: Reader, ...values: V) => Fragment<O> {
  let texts: readonly string[] | null = null;
  let given: readonly unknown[] = [];
  return (reader, ...values) => {
    if (!texts) {
      const compiled = build(reader, ...makeSlots(values)).compile();
      const pieces = compiled.sql.split(/\$([0-9]+)/);
      texts = pieces.filter((_, index) => index % 2 === 0);
      given = pieces.filter((_, index) => index % 2 === 1).map((number) => compiled.parameters[Number(number) - 1]);
    }
    return new Fragment<O>(texts, fillSlots(given, values));
  };
}

/** A statement as far as its shape is known. */
interface Shape {
  readonly next: Map<unknown, Shape>;
  text: string | null;
}

const root: Shape = { next: new Map(), text: null };
const VALUE = Symbol('a value');

/**
 * Compiles a fragment to a query. Equal shapes have the same text, which is prepared at its first run. Shapes are kept:
 * their number must not depend on data, so that rows and ids travel as one JSON or array value.
 */
export function compileFragment<T>(whole: Fragment<T>): CompiledQuery<T> {
  const parameters: unknown[] = [];
  const shape = findShape(whole, root, parameters);
  if (shape.text === null) {
    shape.text = writeText(whole, { count: 0 });
    prepareAtFirstRun(shape.text);
  }
  return CompiledQuery.raw(shape.text, parameters);
}

/** Runs a fragment as a statement and returns its rows. */
export async function executeFragment<T>(reader: Reader, whole: Fragment<T>): Promise<T[]> {
  return (await reader.executeQuery(compileFragment(whole))).rows;
}

function findShape({ texts, values }: Fragment, from: Shape, parameters: unknown[]): Shape {
  let shape = step(from, texts);
  for (const value of values) {
    if (value instanceof Fragment) shape = findShape(value, shape, parameters);
    else {
      parameters.push(value);
      shape = step(shape, VALUE);
    }
  }
  return shape;
}

function step({ next }: Shape, key: unknown): Shape {
  let shape = next.get(key);
  if (!shape) next.set(key, (shape = { next: new Map(), text: null }));
  return shape;
}

function writeText({ texts, values }: Fragment, written: { count: number }): string {
  return texts
    .map((text, index) => {
      if (index === values.length) return text;
      const value = values[index];
      assert(!isExpression(value), 'a fragment takes values and fragments, no expression of Kysely');
      return text + (value instanceof Fragment ? writeText(value, written) : `$${(written.count += 1)}`);
    })
    .join('');
}

function isExpression(value: unknown): boolean {
  return !(value instanceof Fragment) && typeof value === 'object' && value !== null && 'toOperationNode' in value;
}
