import { type Allow, effectiveParams } from './allow.ts';
import { plainSpelling, spellings } from './path-readings.ts';
import type { RuleParams } from './rule-params.ts';

/** Who may reach the paths under `path`, and what happens to a request that may. Lower ranks are asked first. */
export interface AccessRule {
  readonly rank: number;
  /** `/app/{profile}/`: each segment a literal or a parameter; every rule is a prefix. */
  readonly path: string;
  readonly allow: Allow;
  readonly is_forward: boolean;
  /** Tags separated by commas: what a user who passes here has engaged with. */
  readonly engaged: string;
}

export interface RuleMatch {
  readonly rule: CompiledRule;
  /** What `{name}` segments captured, overridden by the parameters stored with the rule. */
  readonly params: RuleParams;
}

export interface CompiledRule extends AccessRule {
  /** Names of the captured segments, in order. */
  readonly captures: readonly string[];
  readonly tags: readonly string[];
}

/** Segments that lead on, as literal text or as anything; the rule that ends here; the lowest rank at or below here. */
interface Node {
  readonly literals: Map<string, Node>;
  any: Node | null;
  rule: CompiledRule | null;
  rank_min: number;
}

/** The same tree with literals in plain spelling: the paths that end here, as their rules spell them. */
interface SpellingNode {
  readonly literals: Map<string, SpellingNode>;
  any: SpellingNode | null;
  readonly ends: (readonly (string | null)[])[];
}

export interface CompiledRules {
  readonly root: Node;
  readonly spellings: SpellingNode;
}

/** Segments of a path: as the gateway reads it first, and as other servers may. */
export interface ReadablePath {
  readonly segments: readonly string[];
  readonly readings: readonly (readonly string[])[];
  /** What servers route that take a segment for a script or a session. */
  readonly routed?: readonly (readonly string[])[];
}

const parameter = /^(?::([-A-Za-z0-9_]+)|\{([-A-Za-z0-9_]+)\})$/;

/** Cuts a rule's path into segments; empty ones never count. */
export function patternSegments(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

/** Name of the parameter that a pattern segment captures, or null for a literal. */
export function parameterName(segment: string): string | null {
  const match = parameter.exec(segment);
  return match ? (match[1] ?? match[2] ?? null) : null;
}

/** Says whether two rule paths are the same rule: slashes at the ends and between do not count. */
export function samePattern(a: string, b: string): boolean {
  return patternSegments(a).join('/') === patternSegments(b).join('/');
}

/** Trims and drops what is empty or repeated: `"app, ,docs,app"` is `app` and `docs`. */
export function engagedTags(engaged: string): string[] {
  const tags = engaged.split(',').map((tag) => tag.trim());
  return [...new Set(tags)].filter((tag) => tag !== '');
}

/** Builds the trees in which rules are looked up; where two rules have the same shape the lower rank stays. */
export function compileRules(rules: readonly AccessRule[]): CompiledRules {
  const root = makeNode();
  const spelled = makeSpellingNode();
  for (const rule of rules) {
    const segments = patternSegments(rule.path);
    const captures: string[] = [];
    const spelling: (string | null)[] = [];
    let node = root;
    let spelling_node = spelled;
    node.rank_min = Math.min(node.rank_min, rule.rank);
    for (const segment of segments) {
      const name = parameterName(segment);
      if (name !== null) captures.push(name);
      const literal = name === null ? decodedLiteral(segment) : null;
      spelling.push(literal);
      node = literal === null ? (node.any ??= makeNode()) : childOf(node.literals, literal, makeNode);
      spelling_node =
        literal === null
          ? (spelling_node.any ??= makeSpellingNode())
          : childOf(spelling_node.literals, plainSpelling(literal), makeSpellingNode);
      node.rank_min = Math.min(node.rank_min, rule.rank);
    }
    if (node.rule === null || rule.rank < node.rule.rank) {
      node.rule = { ...rule, captures, tags: engagedTags(rule.engaged) };
    }
    spelling_node.ends.push(spelling);
  }
  return { root, spellings: spelled };
}

/** Finds the first rule by rank whose segments begin the path; it decides, whether it allows or denies. */
export function matchRule({ root }: CompiledRules, segments: readonly string[]): RuleMatch | 'unmatched' {
  const found = lookUp(root, segments);
  return found ? { rule: found.rule, params: paramsOf(found.rule, found.captured) } : 'unmatched';
}

/**
 * Finds the rules that decide about the path for a server that reads it differently: the first rule by rank for each other
 * reading, and for each path that a rule names and that the request spells differently.
 *
 * The strictest decision counts: a caller passes when the rule of `matchRule` and every one of these allows the request.
 * A path that a rule protects therefore has no spelling that passes for a caller whom the rule refuses.
 */
export function stricterMatches(rules: CompiledRules, path: ReadablePath): (RuleMatch | 'unmatched')[] {
  const { routed = [] } = path;
  const lists = [path.segments, ...path.readings, ...routed];
  const respelled = lists.flatMap((list) => respell(rules.spellings, list));
  const found = [...path.readings, ...respelled].map((list) => matchRule(rules, list));
  // An application in a folder (`/app/index.php/x`) routes paths that no rule has to know.
  found.push(...routed.map((list) => matchRule(rules, list)).filter((match) => match !== 'unmatched'));
  return found.length === 0 ? found : distinct(found, matchRule(rules, path.segments));
}

/** The path as the rules spell it, for every rule that names it in another spelling. */
function respell(root: SpellingNode, segments: readonly string[]): string[][] {
  const found: string[][] = [];
  const visit = (node: SpellingNode, depth: number): void => {
    for (const end of node.ends) {
      if (end.some((literal, index) => literal !== null && literal !== segments[index]))
        found.push(segments.map((segment, index) => end[index] ?? segment));
    }
    const segment = segments[depth];
    if (segment === undefined) return;
    for (const spelling of spellings(segment)) {
      const literal = node.literals.get(spelling);
      if (literal) visit(literal, depth + 1);
    }
    if (node.any && segment !== '') visit(node.any, depth + 1);
  };
  visit(root, 0);
  return found;
}

/** Drops matches that decide the same: equal rule and equal parameters. */
function distinct(found: readonly (RuleMatch | 'unmatched')[], primary: RuleMatch | 'unmatched') {
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

function paramsOf(rule: CompiledRule, captured: readonly string[]): RuleParams {
  const params: Record<string, string> = {};
  rule.captures.forEach((name, index) => {
    const value = captured[index];
    if (value !== undefined) params[name] = value;
  });
  return effectiveParams(params, rule.allow);
}

/** A rule may be written with escapes (`/a%20b`); requests are compared decoded. */
function decodedLiteral(segment: string): string {
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
