import type { Offence } from './offence.ts';

interface LineRule {
  readonly pattern: RegExp;
  readonly rule: string;
  /** Files that the rule concerns; all when omitted. */
  readonly only?: RegExp;
  /** Files that the rule does not concern. */
  readonly except?: RegExp;
}

const COMMENT_COLUMNS_MAX = 120;

/** Words that hide the actor or the standard term; identifiers are split into words before the comparison. */
const BANNED =
  /\b(somebody|anybody|nobody|whoever|whom|she|her|whatever|whichever|tells?|told|mends?|deaf|errands?)\b/i; // word-list

const rules: readonly LineRule[] = [
  {
    pattern: /\bnew Date\(\)/,
    rule: 'time is an argument: ctx.clock.now()',
    except: /^src\/platform\/clock\.ts$|\.test\.ts$|^examples\//,
  },
  {
    pattern: /\binTransaction\(/,
    rule: 'a verb opens the transaction, not a route or a page',
    only: /^src\/.*\/(?:routes|pages)\.ts$/,
  },
  { pattern: /^export \* from/, rule: 'a door names what it exports' },
  { pattern: /(?:oxlint|eslint)-disable(?!.* -- \S)/, rule: 'a disabled rule gives its reason after " -- "' },
  { pattern: /@ts-(?:ignore|nocheck)/, rule: 'types are not switched off' },
  {
    pattern: /\b(?:TODO|FIXME|XXX)\b(?!\(#\d+\))/,
    rule: 'the only mark of work to do is @TODO(#issue)',
    except: /^tools\/style\//,
  },
  { pattern: /\b(?:test|describe|it)\.only\(/, rule: 'no test runs alone' },
];

/** Returns the offences of single lines of a TypeScript file. */
export function checkLines(file: string, text: string): Offence[] {
  return text.split('\n').flatMap((content, index) => {
    const broken = rules.filter(
      ({ pattern, only, except }) => pattern.test(content) && (only?.test(file) ?? true) && !except?.test(file),
    );
    const offences = broken.map(({ rule }) => ({ file, line: index + 1, rule }));
    // A comment with columns of blanks is the head of a table.
    const is_comment = /^\s*(?:\/\/|\*|\/\*)/.test(content) && !/\S {3,}\S/.test(content);
    if (is_comment && content.length > COMMENT_COLUMNS_MAX) {
      offences.push({ file, line: index + 1, rule: `comment of more than ${COMMENT_COLUMNS_MAX} columns` });
    }
    return offences;
  });
}

/**
 * Returns the lines with a word of the banned list, in any kind of text.
 *
 * Exempt: lines that end in the mark `word-list` and quoted input of tests that ends in `quoted input`.
 */
export function checkWords(file: string, text: string): Offence[] {
  return text.split('\n').flatMap((content, index) => {
    if (/\/\/ (?:word-list|quoted input)/.test(content)) return [];
    const words = content.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2').replaceAll('_', ' ');
    const found = BANNED.exec(words);
    return found ? [{ file, line: index + 1, rule: `"${found[0]}": name the actor or use the standard term` }] : [];
  });
}

/** Returns the targets of `@see` that start with a folder or file of this repository, with their lines. */
export function citedPaths(text: string): { target: string; line: number }[] {
  return text.split('\n').flatMap((content, index) => {
    const target = /@see\s+((?:docs|src|test|tools|themes|migrations|bench|examples)\/[\w./-]*[\w-])/.exec(
      content,
    )?.[1];
    return target === undefined ? [] : [{ target, line: index + 1 }];
  });
}
