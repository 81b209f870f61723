import { type Allow, effectiveParams } from './allow.ts';
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

export type CompiledRules = Node;

export type MatchOutcome = RuleMatch | 'unmatched' | 'ambiguous';

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

/** Builds the tree in which rules are looked up; where two rules have the same shape the lower rank stays. */
export function compileRules(rules: readonly AccessRule[]): CompiledRules {
  const root = makeNode();
  for (const rule of rules) {
    const segments = patternSegments(rule.path);
    const captures: string[] = [];
    let node = root;
    node.rank_min = Math.min(node.rank_min, rule.rank);
    for (const segment of segments) {
      const name = parameterName(segment);
      if (name !== null) captures.push(name);
      node = name === null ? literalChild(node, decodedLiteral(segment)) : (node.any ??= makeNode());
      node.rank_min = Math.min(node.rank_min, rule.rank);
    }
    if (node.rule === null || rule.rank < node.rule.rank) {
      node.rule = { ...rule, captures, tags: engagedTags(rule.engaged) };
    }
  }
  return root;
}

/**
 * Finds the first rule by rank whose segments begin the path; it decides, whatever it decides.
 *
 * `ambiguous` when the two readings of an unusual path lead to different rules or captures: nobody can then say
 * what the upstream would serve.
 */
export function matchRule(
  rules: CompiledRules,
  path: { segments: readonly string[]; segments_loose: readonly string[] },
): MatchOutcome {
  const found = lookUp(rules, path.segments);
  if (path.segments_loose !== path.segments) {
    const loose = lookUp(rules, path.segments_loose);
    if (found?.rule !== loose?.rule) return 'ambiguous';
    if (found && loose && found.captured.some((value, index) => value !== loose.captured[index])) return 'ambiguous';
  }
  return found ? { rule: found.rule, params: paramsOf(found.rule, found.captured) } : 'unmatched';
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
    if (node.any) {
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

function literalChild(node: Node, segment: string): Node {
  const known = node.literals.get(segment);
  if (known) return known;
  const child = makeNode();
  node.literals.set(segment, child);
  return child;
}

function makeNode(): Node {
  return { literals: new Map(), any: null, rule: null, rank_min: Number.POSITIVE_INFINITY };
}
