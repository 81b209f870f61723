import { type Finding, isDifference, reconcilePayments } from '#payments';
import { formatDecimal } from '#kernel/money';
import { parseInstant } from '#kernel/instant';
import { systemClock } from '#platform/clock';
import type { Command, OptionValues } from '../commands.ts';
import { openSite } from './open-site.ts';
import { runSetup } from './payments-setup.ts';
import { reportProgress } from './progress.ts';

const USE =
  'Use: tollgate payments check, tollgate payments endpoints --create, tollgate payments set-key [--other-account] < FILE, or tollgate payments reconcile [--from DATE] [--to DATE] [--account ID] [--format table|csv|json] [--fix]\n';

/** Span without `--from`. */
const SPAN_MS = 31 * 86_400_000;

const formats = ['table', 'csv', 'json'] as const;
type Format = (typeof formats)[number];

export const payments: Command = {
  options: {
    from: { type: 'string' },
    to: { type: 'string' },
    account: { type: 'string', default: '' },
    format: { type: 'string', default: 'table' },
    fix: { type: 'boolean', default: false },
    'other-account': { type: 'boolean', default: false },
    create: { type: 'boolean', default: false },
  },
  async run(values, [verb]) {
    const format = formats.find((each) => each === values['format']);
    if (verb === 'endpoints' && values['create'] === true) return runSetup(verb);
    if (verb === 'check' || verb === 'set-key') return runSetup(verb, values['other-account'] === true);
    if (verb !== 'reconcile' || format === undefined) {
      process.stderr.write(USE);
      return 2;
    }
    const span = readSpan(values, systemClock().now());
    if (span === null) {
      process.stderr.write('--from, --to: give a date such as 2026-03-01, or an instant; --from is before --to.\n');
      return 2;
    }
    const { tollgate, close } = await openSite();
    try {
      return await reconcile(await tollgate.makeContext('reconcile'), {
        ...span,
        format,
        account: String(values['account']),
        fix: values['fix'] === true,
      });
    } finally {
      await close();
    }
  },
};

type Context = Parameters<typeof reconcilePayments>[0];

/**
 * Prints the differences between the books and the chosen processor. Exit status: 0 without one, 1 with one, 2 if the
 * processor cannot be asked.
 */
export async function reconcile(
  ctx: Context,
  { format, ...options }: { from: Date; to: Date; account: string; fix: boolean; format: Format },
  write: (text: string) => void = (text) => void process.stdout.write(text),
): Promise<number> {
  const processor = ctx.processors.chosen;
  if (processor.movements === null) {
    process.stderr.write(`The payment processor ${processor.name} lists no movements to compare the books with.\n`);
    return 2;
  }
  if (format !== 'json') write(format === 'csv' ? `${columns.join(',')}\n` : `${columns.join('  ')}\n`);
  const progress = reportProgress('bookings');
  try {
    const { differences_count, sums } = await reconcilePayments(ctx, {
      ...options,
      processor,
      onFinding: (finding) => write(writers[format](finding)),
      onProgress: progress.report,
    });
    progress.end();
    for (const [unit, { movements_count, at_processor, in_books }] of sums) {
      const [there, here] = [at_processor, in_books].map((amount) => formatDecimal(amount));
      process.stderr.write(
        `${unit}: ${movements_count} movements, ${there} at ${processor.name}, ${here} in the books\n`,
      );
    }
    process.stderr.write(differences_count === 0 ? 'nothing differs\n' : `${differences_count} differences\n`);
    return differences_count === 0 ? 0 : 1;
  } catch (error) {
    progress.end();
    process.stderr.write(
      `${processor.name} could not be asked: ${error instanceof Error ? error.message : 'unknown error'}\n`,
    );
    return 2;
  }
}

const columns = ['kind', 'object', 'charge', 'at', 'at processor', 'in books', 'unit', 'fixed'] as const;

function cellsOf(finding: Finding): string[] {
  const { kind, object, charge, at, unit, at_processor, in_books, is_fixed } = finding;
  const money = (amount: number | null) => (amount === null ? '' : formatDecimal(amount));
  const fixed = is_fixed ? 'yes' : isDifference(finding) ? 'no' : '';
  return [kind, object, charge ?? '', at?.toISOString() ?? '', money(at_processor), money(in_books), unit, fixed];
}

const writers: Readonly<Record<Format, (finding: Finding) => string>> = {
  table: (finding) =>
    `${cellsOf(finding)
      .map((cell) => cell || '-')
      .join('  ')}\n`,
  // No cell has a comma or a quotation mark: keys, slugs, instants and decimals.
  csv: (finding) => `${cellsOf(finding).join(',')}\n`,
  json: (finding) => `${JSON.stringify(finding)}\n`,
};

function readSpan(values: OptionValues, now: Date): { from: Date; to: Date } | null {
  const read = (name: string, otherwise: Date) => {
    const text = values[name];
    return typeof text === 'string' ? parseInstant(text, 'UTC') : otherwise;
  };
  const to = read('to', now);
  const from = to && read('from', new Date(to.getTime() - SPAN_MS));
  return from && to && from < to ? { from, to } : null;
}
