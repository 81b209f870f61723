import { type Node, parseSync, Visitor } from 'oxc-parser';
import type { Offence } from './offence.ts';

/** A function with a name: its lines, and its return type as the source writes it. */
export interface NamedFunction {
  readonly name: string;
  readonly line: number;
  readonly lines_count: number;
  /** Null when the return type is inferred. */
  readonly return_type: string | null;
}

/** A use of a table in a Kysely call or in raw SQL. */
export interface TableUse {
  readonly table: string;
  readonly line: number;
  readonly is_write: boolean;
}

const FUNCTION_LINES_MAX = 60;
const READS = /^(?:selectFrom|innerJoin|leftJoin|rightJoin|fullJoin|crossJoin|innerJoinLateral|leftJoinLateral|using)$/;
const WRITES = /^(?:insertInto|updateTable|deleteFrom|mergeInto|replaceInto)$/;

/** Parses a file; positions become lines. @throws Error when the file cannot be parsed */
export function parseSource(file: string, text: string) {
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  const lineOf = (position: number): number => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= position) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
  return { program, lineOf };
}

type Parsed = ReturnType<typeof parseSource>;

/** Returns every function declaration, method, and function that a constant or property names. */
export function namedFunctions({ program, lineOf }: Parsed, text: string): NamedFunction[] {
  const found: NamedFunction[] = [];
  const add = (name: string | null, node: Node & { returnType?: { typeAnnotation: Node } | null }, from: Node) => {
    if (name === null) return;
    const type = node.returnType?.typeAnnotation;
    const line = lineOf(from.start);
    const return_type = type ? text.slice(type.start, type.end) : null;
    found.push({ name, line, lines_count: lineOf(node.end) - line + 1, return_type });
  };
  new Visitor({
    FunctionDeclaration: (node) => add(node.id?.name ?? null, node, node),
    VariableDeclarator: (node) => {
      if (node.id.type !== 'Identifier' || !node.init) return;
      if (node.init.type === 'ArrowFunctionExpression' || node.init.type === 'FunctionExpression') {
        add(node.id.name, node.init, node);
      }
    },
    Property: (node) => {
      if (node.key.type !== 'Identifier') return;
      if (node.value.type === 'ArrowFunctionExpression' || node.value.type === 'FunctionExpression') {
        add(node.key.name, node.value, node);
      }
    },
    MethodDefinition: (node) => {
      if (node.key.type === 'Identifier') add(node.key.name, node.value, node);
    },
  }).visit(program);
  return found;
}

/** Returns the offences of functions: length, and what a prefix promises about the return type (STYLE.md, Names). */
export function checkFunctions(file: string, text: string, functions: readonly NamedFunction[]): Offence[] {
  const lines = text.split('\n');
  return functions.flatMap(({ name, line, lines_count, return_type }) => {
    const offences: Offence[] = [];
    if (lines_count > FUNCTION_LINES_MAX && !hasReason(lines, line)) {
      offences.push({
        file,
        line,
        rule: `${name}: ${lines_count} lines, ${FUNCTION_LINES_MAX} at most without a reason`,
      });
    }
    const promise = return_type === null ? null : brokenPromise(name, return_type.replaceAll(/\s+/g, ' '));
    if (promise) offences.push({ file, line, rule: `${name}: ${promise}, not ${return_type}` });
    return offences;
  });
}

/** A reason stands in the comment above the function, after `long:`. */
function hasReason(lines: readonly string[], line: number): boolean {
  for (let index = line - 2; index >= 0; index--) {
    const content = lines[index] ?? '';
    if (!/^\s*(?:\/\/|\*|\/\*)/.test(content)) return false;
    if (/\blong: \S/i.test(content)) return true;
  }
  return false;
}

function brokenPromise(name: string, type: string): string | null {
  const bare = /^Promise<(.*)>$/.exec(type)?.[1] ?? type;
  if (/^refuse[A-Z]/.test(name) && !/\bnull\b|Refusal/.test(bare)) return 'refuse… returns a reason or null';
  if (/^(?:is|has|may)[A-Z]/.test(name) && bare !== 'boolean' && !/ is /.test(bare)) {
    return `${/^[a-z]+/.exec(name)?.[0]}… returns a boolean`;
  }
  if (/^list[A-Z]/.test(name) && !/\bPage\b|Page</.test(bare)) return 'list… returns a Page';
  return null;
}

/** Returns the tables that the file names in Kysely calls and in `sql` templates. */
export function tableUses({ program, lineOf }: Parsed, tables: ReadonlySet<string>): TableUse[] {
  const uses: TableUse[] = [];
  new Visitor({
    CallExpression: ({ callee, arguments: [first], start }) => {
      if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return;
      const { name } = callee.property;
      const is_write = WRITES.test(name);
      if (!is_write && !READS.test(name)) return;
      for (const table of literalsOf(first)) {
        const bare = table.split(' ')[0] ?? '';
        if (tables.has(bare)) uses.push({ table: bare, line: lineOf(callee.property.start ?? start), is_write });
      }
    },
    TaggedTemplateExpression: ({ tag, quasi }) => {
      if (!isSqlTag(tag)) return;
      for (const { value, start } of quasi.quasis) {
        for (const [, verb = '', table = ''] of value.raw.matchAll(/\b(from|join|into|update)\s+"?([a-z_]+)/g)) {
          if (tables.has(table)) {
            uses.push({ table, line: lineOf(start), is_write: verb === 'into' || verb === 'update' });
          }
        }
      }
    },
  }).visit(program);
  return uses;
}

/** Returns the first line of an `sql` template or query, or null: SQL stands in stores only. */
export function firstSqlLine({ program, lineOf }: Parsed): number | null {
  const lines: number[] = [];
  new Visitor({
    TaggedTemplateExpression: ({ tag, start }) => {
      if (isSqlTag(tag)) lines.push(lineOf(start));
    },
  }).visit(program);
  return lines.length === 0 ? null : Math.min(...lines);
}

function isSqlTag(tag: Node): boolean {
  if (tag.type === 'Identifier') return tag.name === 'sql';
  return false;
}

function literalsOf(node: Node | undefined): string[] {
  if (node?.type === 'Literal' && typeof node.value === 'string') return [node.value];
  if (node?.type === 'ArrayExpression') return node.elements.flatMap((each) => (each ? literalsOf(each) : []));
  return [];
}
