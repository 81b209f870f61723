import { createHash } from 'node:crypto';
import type { Fault } from '../engine/index.ts';

/** Names of faults; any other name is refused. */
// oxfmt-ignore
export const fault_names = [
  '500_before', '500_after', '500_stored', '500_no_error', '502_html', '200_html',
  'cut_before', 'cut_after', 'cut_body', 'timeout', 'trickle',
  '429', '409_lock', 'slow', '401', '402', '403', 'late_balance', 'late_list',
  'hook_duplicate', 'hook_delay', 'hook_reorder', 'hook_drop', 'hook_twin',
  'hook_bad_signature', 'hook_old', 'hook_future', 'hook_huge', 'hook_other_account', 'hook_other_mode',
] as const;

/** A rule of the control API: which requests it hits and how often. */
export interface FaultRule {
  readonly name: string;
  readonly values?: Readonly<Record<string, string>>;
  readonly match?: { method?: string; path?: string; account?: string; body?: string; type?: string };
  /** Number of requests it hits; every match when neither this nor `rate` is given. */
  readonly times?: number;
  /** Share of the matches that it hits, from 0 to 1; the seed decides which. */
  readonly rate?: number;
  /** Number of matches that pass first. */
  readonly after?: number;
  readonly seed?: string;
}

/** A request or delivery that rules are compared with. */
export interface FaultTarget {
  readonly method: string;
  readonly path: string;
  readonly account: string;
  readonly body: string;
  /** Type of the event of a delivery. */
  readonly type?: string;
}

/** When a fault acts: before the call is read, in the call and its answer, or in a delivery. */
export type FaultStage = 'cut' | 'call' | 'hook';

interface RuleState {
  readonly rule: FaultRule;
  seen: number;
  hit: number;
}

/** The rules in the order in which they were added. */
export class FaultBook {
  #states: RuleState[] = [];

  add(rule: FaultRule): void {
    assertName(rule.name);
    this.#states.push({ rule, seen: 0, hit: 0 });
  }

  clear(): void {
    this.#states = [];
  }

  rules(): (FaultRule & { seen: number; hit: number })[] {
    return this.#states.map(({ rule, seen, hit }) => ({ ...rule, seen, hit }));
  }

  /** Returns the faults of the rules that hit a target, and counts them. Each stage has its own faults. */
  pick(target: FaultTarget, stage: FaultStage): Fault[] {
    const picked: Fault[] = [];
    for (const state of this.#states) {
      if (stageOf(state.rule.name) !== stage || !isMatch(state.rule, target)) continue;
      state.seen += 1;
      if (!isHit(state)) continue;
      state.hit += 1;
      picked.push({ name: state.rule.name, values: state.rule.values ?? {} });
    }
    return picked;
  }
}

/** Reads `name;k=v;k=v` of the header `Tollgate-Emulator-Fault`. @throws Error for an unknown name */
export function parseFault(text: string): Fault {
  const [name = '', ...pairs] = text.split(';').map((part) => part.trim());
  assertName(name);
  const values = pairs.map((pair): [string, string] => {
    const [key = '', value = ''] = pair.split('=');
    return [key, value];
  });
  return { name, values: Object.fromEntries(values) };
}

function assertName(name: string): void {
  if (!fault_names.some((each) => each === name)) throw new Error(`unknown fault: ${name}`);
}

function stageOf(name: string): FaultStage {
  if (name === 'cut_before') return 'cut';
  return name.startsWith('hook_') ? 'hook' : 'call';
}

function isMatch({ match = {} }: FaultRule, target: FaultTarget): boolean {
  return (
    (match.method === undefined || match.method.toUpperCase() === target.method) &&
    (match.path === undefined || target.path.includes(match.path)) &&
    (match.account === undefined || match.account === target.account) &&
    (match.body === undefined || target.body.includes(match.body)) &&
    (match.type === undefined || match.type === target.type)
  );
}

function isHit({ rule, seen, hit }: RuleState): boolean {
  if (seen <= (rule.after ?? 0)) return false;
  if (rule.times !== undefined && hit >= rule.times) return false;
  if (rule.rate === undefined) return true;
  const hash = createHash('sha256')
    .update(`${rule.seed ?? ''}:${rule.name}:${seen}`)
    .digest();
  return hash.readUInt32BE(0) / 2 ** 32 < rule.rate;
}
