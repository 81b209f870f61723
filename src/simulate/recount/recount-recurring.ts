import type { RecountRows } from './rows-store.ts';

// Recurring revenue, its movements, churn and cohorts, recounted from order lines and coverages, without SQL.

/** A change of the recurring revenue of a subscriber. */
interface Move {
  at: number;
  kind: 'new' | 'expansion' | 'contraction' | 'churn' | 'reactivation';
  is_pause: boolean;
  amount: number;
}

/** Periods in a month, as a fraction. */
const per_month: Readonly<Record<string, readonly [number, number]>> = {
  hourly: [730, 1],
  daily: [365, 12],
  weekly: [365, 84],
  monthly: [1, 1],
  yearly: [1, 12],
};

const earliest = (...instants: readonly (Date | null)[]) =>
  Math.min(...instants.map((at) => at?.getTime() ?? Infinity));

/** Movements of each subscriber of a provider in a unit, in the order of time. */
export function recountMoves(rows: RecountRows, provider: number, unit: string): Move[][] {
  const coverages = Map.groupBy(rows.coverages, ({ subscription_id }) => subscription_id);
  const pauses = Map.groupBy(rows.pauses, ({ subscription_id }) => subscription_id);
  const own = rows.subscriptions.filter(({ provider_id, is_agreed }) => provider_id === provider && is_agreed);
  return [...Map.groupBy(own, ({ profile_id }) => profile_id).values()].map((subscriptions) => {
    const changes = new Map<number, number>();
    for (const { id, created_at, trial_ends_at, ends_at, paused_at, suspended_at } of subscriptions)
      for (const each of coverages.get(id) ?? []) {
        if (each.unit !== unit || !each.recurring_amount || !each.recurring_periods) continue;
        const from = Math.max(each.starts_at.getTime(), created_at.getTime(), trial_ends_at?.getTime() ?? 0);
        const until = earliest(each.ends_at, ends_at, paused_at, suspended_at);
        if (from >= until) continue;
        const amount = monthly(each.recurring_amount, each.recurring_periods, each.period_type ?? 'monthly');
        changes.set(from, (changes.get(from) ?? 0) + amount);
        changes.set(until, (changes.get(until) ?? 0) - amount);
      }
    const paused = new Set(
      subscriptions.flatMap(({ id }) =>
        (pauses.get(id) ?? []).flatMap((each) => [each.starts_at.getTime(), each.resumed_at?.getTime()]),
      ),
    );
    return movesOf(changes, paused);
  });
}

function monthly(amount: number, periods: number, type: string): number {
  const [numerator, denominator] = per_month[type] ?? [1, 1];
  return Math.round((amount * numerator) / (periods * denominator));
}

function movesOf(changes: ReadonlyMap<number, number>, paused: ReadonlySet<number | undefined>): Move[] {
  let before = 0;
  const moves: Move[] = [];
  for (const [at, amount] of [...changes].toSorted(([a], [b]) => a - b)) {
    if (amount === 0) continue;
    const after = before + amount;
    moves.push({ at, amount, is_pause: paused.has(at), kind: kindOf(before, after, moves.length === 0) });
    before = after;
  }
  return moves;
}

function kindOf(before: number, after: number, is_first: boolean): Move['kind'] {
  if (after === 0) return 'churn';
  if (before === 0) return is_first ? 'new' : 'reactivation';
  return after > before ? 'expansion' : 'contraction';
}

const sum = (amounts: readonly number[]) => amounts.reduce((total, amount) => total + amount, 0);
const revenueBefore = (moves: readonly Move[], bound: Date) =>
  sum(moves.filter(({ at }) => at < bound.getTime()).map(({ amount }) => amount));

/** Recurring revenue before each bound and the movements of each period, by the slugs of the report. */
export function recountRevenue(subscribers: readonly Move[][], bounds: readonly Date[]): Record<string, number[]> {
  const all = subscribers.flat();
  const flow = (kind: Move['kind']) =>
    flowOf(
      bounds,
      all.filter((move) => move.kind === kind),
    );
  return {
    'recurring-revenue': bounds.map((bound) => revenueBefore(all, bound)),
    new: flow('new'),
    expansion: flow('expansion'),
    contraction: flow('contraction'),
    churn: flow('churn'),
    reactivation: flow('reactivation'),
  };
}

function flowOf(bounds: readonly Date[], moves: readonly Move[]): number[] {
  return bounds.slice(1).map((end, index) => revenueBefore(moves, end) - revenueBefore(moves, bounds[index] ?? end));
}

/** Revenue churn of each period in percent, by the slugs of the report. */
export function recountChurn(subscribers: readonly Move[][], bounds: readonly Date[]): Record<string, number[]> {
  const all = subscribers.flat();
  const churn = (is_net: boolean, with_pauses: boolean) => {
    const counted = all.filter(
      ({ kind, is_pause }) =>
        (is_net ? kind !== 'new' : kind === 'churn' || kind === 'contraction') && (with_pauses || !is_pause),
    );
    return flowOf(bounds, counted).map((amount, index) => {
      const before = revenueBefore(all, bounds[index] ?? new Date(0));
      const percent = before === 0 ? 0 : Math.round((10_000 * (0 - amount)) / before) / 100;
      return percent === 0 ? 0 : percent;
    });
  };
  return {
    'gross-churn': churn(false, true),
    'net-churn': churn(true, true),
    'gross-churn-without-pauses': churn(false, false),
    'net-churn-without-pauses': churn(true, false),
  };
}

/** Subscribers of each cohort, and their revenue, before the end of each period from its own on. */
export function recountCohorts(subscribers: readonly Move[][], bounds: readonly Date[]) {
  const cells = bounds.slice(0, -1).map((start, index) => {
    const end = bounds[index + 1] ?? start;
    const members = subscribers.filter(([first]) => first && first.at >= start.getTime() && first.at < end.getTime());
    return bounds.slice(index + 1).map((bound) => members.map((moves) => revenueBefore(moves, bound)));
  });
  return {
    counts: cells.map((row) => row.map((revenues) => revenues.filter((revenue) => revenue > 0).length)),
    amounts: cells.map((row) => row.map(sum)),
  };
}
