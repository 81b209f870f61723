import type { Comparison, Figures } from './measure.ts';

/** One measured value. `goal` is compared with it; a value without a goal is information. */
export interface Line {
  name: string;
  value: number;
  /** Unit and number of decimals; a ratio has three decimals. */
  unit?: 'ratio' | 'ms' | 'MB' | 'statements' | 'times' | 'per s' | 's';
  goal?: { min: number } | { max: number };
  detail: string;
}

const missed: string[] = [];

export function printHeader(): void {
  console.log(`${'measured'.padEnd(42)} ${'value'.padStart(8)}  ${'goal'.padEnd(9)} details`);
}

export function printLine({ name, value, unit = 'ratio', goal, detail }: Line): void {
  const digits = { ratio: 3, ms: 1, MB: 1, statements: 0, times: 2, 'per s': 0, s: 1 }[unit];
  const isMissed = goal !== undefined && ('min' in goal ? value < goal.min : value > goal.max);
  if (isMissed) missed.push(name);
  const text = goal === undefined ? '' : 'min' in goal ? `>= ${goal.min}` : `<= ${goal.max}`;
  console.log(
    `${name.padEnd(42)} ${value.toFixed(digits).padStart(8)}  ${text.padEnd(9)} ${isMissed ? 'MISSED ' : ''}${detail}`,
  );
}

export function printSkipped(name: string, reason: string): void {
  console.log(`${name.padEnd(42)} not measured: ${reason}`);
}

/** Prints a ratio of requests per second with the figures of both sides. */
export function printComparison(
  name: string,
  against: string,
  { baseline, subject }: Comparison,
  goal?: { min: number },
): void {
  const detail = `${showFigures(subject)} against ${showFigures(baseline)} of ${against}`;
  printLine({ name, value: subject.per_s / baseline.per_s, ...(goal && { goal }), detail });
}

function showFigures({ per_s, cpu_us, p50_ms, p99_ms }: Figures): string {
  return `${per_s.toFixed(0)}/s, ${cpu_us.toFixed(0)} us CPU, p50 ${p50_ms.toFixed(2)}, p99 ${p99_ms.toFixed(1)} ms`;
}

export function printSummary(): void {
  console.log(missed.length === 0 ? '\nevery goal is reached' : `\ngoals that are not reached: ${missed.join(', ')}`);
}
