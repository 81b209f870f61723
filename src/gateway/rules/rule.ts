import { type Allow, mergeParams } from './allow.ts';
import { findSpellings, plainSpelling } from './path-readings.ts';
import type { RuleParams } from './rule-params.ts';

/** The callers that may reach the paths below `path`, and the treatment of their requests. The lowest rank decides. */
export interface AccessRule {
  readonly rank: number;
  /** `/app/{profile}/`: each segment is a literal or a parameter. Every rule is a prefix. */
  readonly path: string;
  readonly allow: Allow;
  readonly is_forward: boolean;
  /** Tags separated by commas, recorded as engagement of the users that pass. */
  readonly engaged: string;
}

export interface RuleMatch {
  readonly rule: CompiledRule;
  /** Values captured by `{name}` segments, overridden by the parameters stored with the rule. */
  readonly params: RuleParams;
}

export interface CompiledRule extends AccessRule {
  /** Names of the captured segments, in order. */
  readonly captures: readonly string[];
  readonly tags: readonly string[];
}

/** A node of the tree of rules. `any` is the child for parameters, `rank_min` the lowest rank in the subtree. */
interface Node {
  readonly literals: Map<string, Node>;
  any: Node | null;
  rule: CompiledRule | null;
  rank_min: number;
}

/** A node of the tree with plain spellings. `ends` are the paths of the rules that end here, null for parameters. */
interface SpellingNode {
  readonly literals: Map<string, SpellingNode>;
  any: SpellingNode | null;
  readonly ends: (readonly (string | null)[])[];
}

export interface CompiledRules {
  readonly root: Node;
  readonly spellings: SpellingNode;
}

/** Segments of a path: the first reading of the gateway, and the readings of other servers. */
export interface ReadablePath {
  readonly segments: readonly string[];
  readonly readings: readonly (readonly string[])[];
  /** Paths of servers that read a segment as a script or a session. */
  readonly routed?: readonly (readonly string[])[];
}

const parameter = /^(?::([-A-Za-z0-9_]+)|\{([-A-Za-z0-9_]+)\})$/;

/** Splits the path of a rule into segments, without empty ones. */
export function splitPattern(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

/** Returns the name of the parameter that a segment of a pattern captures; null for a literal. */
function findParameterName(segment: string): string | null {
  const match = parameter.exec(segment);
  return match ? (match[1] ?? match[2] ?? null) : null;
}

/** Splits the tags of a rule, without empty and repeated ones: `"app, ,docs,app"` becomes `app` and `docs`. */
export function parseTags(engaged: string): string[] {
  const tags = engaged.split(',').map((tag) => tag.trim());
  return [...new Set(tags)].filter((tag) => tag !== '');
}

/** Builds the trees for the lookup of rules. Of two rules with the same pattern the lower rank remains. */
export function compileRules(rules: readonly AccessRule[]): CompiledRules {
  const root = makeNode();
  const spelled = makeSpellingNode();
  for (const rule of rules) {
    const segments = splitPattern(rule.path);
    const captures: string[] = [];
    const spelling: (string | null)[] = [];
    let node = root;
    let spelling_node = spelled;
    node.rank_min = Math.min(node.rank_min, rule.rank);
    for (const segment of segments) {
      const name = findParameterName(segment);
      if (name !== null) captures.push(name);
      const literal = name === null ? decodeLiteral(segment) : null;
      spelling.push(literal);
      node = literal === null ? (node.any ??= makeNode()) : childOf(node.literals, literal, makeNode);
      spelling_node =
        literal === null
          ? (spelling_node.any ??= makeSpellingNode())
          : childOf(spelling_node.literals, plainSpelling(literal), makeSpellingNode);
      node.rank_min = Math.min(node.rank_min, rule.rank);
    }
    if (node.rule === null || rule.rank < node.rule.rank) {
      node.rule = { ...rule, captures, tags: parseTags(rule.engaged) };
    }
    spelling_node.ends.push(spelling);
  }
  return { root, spellings: spelled };
}

/** Finds the rule with the lowest rank whose segments are a prefix of the path. */
export function matchRule({ root }: CompiledRules, segments: readonly string[]): RuleMatch | 'unmatched' {
  const found = lookUp(root, segments);
  return found ? { rule: found.rule, params: buildParams(found.rule, found.captured) } : 'unmatched';
}

/**
 * Finds the rules for servers that read the path differently: the first rule by rank for each other reading, and for
 * each path of a rule that the request spells differently.
 *
 * The strictest decision counts: the rule of `matchRule` and all of these must grant the request. Therefore no spelling
 * of a protected path passes for a caller that its rule refuses.
 */
export function findStricterMatches(rules: CompiledRules, path: ReadablePath): (RuleMatch | 'unmatched')[] {
  const { routed = [] } = path;
  const lists = [path.segments, ...path.readings, ...routed];
  const respelled = lists.flatMap((list) => respell(rules.spellings, list));
  const found = [...path.readings, ...respelled].map((list) => matchRule(rules, list));
  // An application in a folder (`/app/index.php/x`) routes paths that need no rule.
  found.push(...routed.map((list) => matchRule(rules, list)).filter((match) => match !== 'unmatched'));
  return found.length === 0 ? found : removeDuplicates(found, matchRule(rules, path.segments));
}

/** Returns the path in the spelling of each rule that spells it differently. */
function respell(root: SpellingNode, segments: readonly string[]): string[][] {
  const found: string[][] = [];
  const visit = (node: SpellingNode, depth: number): void => {
    for (const end of node.ends) {
      if (end.some((literal, index) => literal !== null && literal !== segments[index]))
        found.push(segments.map((segment, index) => end[index] ?? segment));
    }
    const segment = segments[depth];
    if (segment === undefined) return;
    for (const spelling of findSpellings(segment)) {
      const literal = node.literals.get(spelling);
      if (literal) visit(literal, depth + 1);
    }
    if (node.any && segment !== '') visit(node.any, depth + 1);
  };
  visit(root, 0);
  return found;
}

/** Removes matches with the same rule and parameters, and those equal to the primary match. */
function removeDuplicates(found: readonly (RuleMatch | 'unmatched')[], primary: RuleMatch | 'unmatched') {
  const keyOf = (match: RuleMatch | 'unmatched') =>
    match === 'unmatched' ? match : `${match.rule.rank} ${JSON.stringify(match.params)}`;
  const byKey = new Map(found.map((match) => [keyOf(match), match]));
  byKey.delete(keyOf(primary));
  return [...byKey.values()];
}

interface Found {
  readonly rule: CompiledRule;
  readonly captured: readonly string[];
}

function lookUp(root: Node, segments: readonly string[]): Found | null {
  let best: Found | null = null;
  const captured: string[] = [];
  const visit = (node: Node, depth: number): void => {
    if (best !== null && node.rank_min >= best.rule.rank) return;
    if (node.rule !== null && (best === null || node.rule.rank < best.rule.rank))
      best = { rule: node.rule, captured: [...captured] };
    const segment = segments[depth];
    if (segment === undefined) return;
    const literal = node.literals.get(segment);
    if (literal) visit(literal, depth + 1);
    if (node.any && segment !== '') {
      captured.push(segment);
      visit(node.any, depth + 1);
      captured.pop();
    }
  };
  visit(root, 0);
  return best;
}

function buildParams(rule: CompiledRule, captured: readonly string[]): RuleParams {
  const params: Record<string, string> = {};
  rule.captures.forEach((name, index) => {
    const value = captured[index];
    if (value !== undefined) params[name] = value;
  });
  return mergeParams(params, rule.allow);
}

/** Decodes the escapes of a literal (`/a%20b`): requests are compared in decoded form. */
function decodeLiteral(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function childOf<N>(children: Map<string, N>, literal: string, make: () => N): N {
  const existing = children.get(literal);
  if (existing) return existing;
  const child = make();
  children.set(literal, child);
  return child;
}

function makeNode(): Node {
  return { literals: new Map(), any: null, rule: null, rank_min: Number.POSITIVE_INFINITY };
}

function makeSpellingNode(): SpellingNode {
  return { literals: new Map(), any: null, ends: [] };
}
