import { formatMoney } from '#kernel/money';
import type { SimulationResult } from './simulation.ts';

/** Returns the page of results of a simulation, for the terminal. Pure. */
export function resultText(result: SimulationResult): string {
  const { totals, broken, seed, subscribers, months, processor } = result;
  const usd = (amount: number) => formatMoney({ amount, unit: 'usd' });
  const money: [string, number][] = [
    ['sold', totals.sold],
    ['charged', totals.charged],
    ['refunded', totals.refunded],
    ['in dispute', totals.disputed],
    ['recognised', totals.recognised],
    ['still to earn', totals.to_earn],
    ['credit of subscribers', totals.credit],
    ['due', totals.due],
    ['lost: written off', totals.written_off],
  ];
  const counts: [string, number][] = [
    ['subscribers', totals.subscribers],
    ['subscriptions', totals.subscriptions],
    ['active at the end', totals.active_at_end],
    ['charges', totals.charges],
    ['ledger entries', totals.ledger_entries],
    ['runs of scheduled jobs', result.runs_count],
  ];
  return [
    `A business of ${subscribers} subscribers over ${months} months, seed ${seed}, processor ${processor}`,
    '',
    ...section(
      'Money',
      money.map(([label, amount]) => [label, usd(amount)] as const),
    ),
    ...section(
      'Counts',
      counts.map(([label, count]) => [label, String(count)] as const),
    ),
    ...section('Requests', rows(result.actions)),
    ...section('Faults injected', rows(result.faults)),
    ...(result.missing.length === 0
      ? []
      : [`Left out, the site has no such operation: ${result.missing.join(', ')}`, '']),
    `Rules: ${result.rules_checked} and the verification of the ledger, checked ${result.checks_count} times`,
    `Reports: ${result.metrics_compared} values compared with a recount of the rows`,
    broken.length === 0 ? 'No rule is broken.' : `${broken.length} rules are broken:`,
    ...broken.flatMap(({ rule, rows: some }) => [`  ${rule}`, ...some.map((row) => `    ${JSON.stringify(row)}`)]),
    '',
    `Repeat: tollgate simulate --seed ${seed} --subscribers ${subscribers} --months ${months}${processor === 'test' ? '' : ` --processor ${processor}`}`,
    '',
  ].join('\n');
}

const rows = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts).map(([label, count]) => [label, String(count)] as const);

function section(title: string, lines: readonly (readonly [label: string, value: string])[]): string[] {
  if (lines.length === 0) return [];
  const width = Math.max(...lines.map(([label]) => label.length));
  const value_width = Math.max(...lines.map(([, value]) => value.length));
  return [title, ...lines.map(([label, value]) => `  ${label.padEnd(width)}  ${value.padStart(value_width)}`), ''];
}
