import {
  checkpointText,
  countLedger,
  exportLedger,
  isExportFormat,
  type LedgerVerification,
  parseCheckpoint,
  rebuildBalances,
  verifyLedger,
} from '#ledger';
import type { Command } from '../commands.ts';
import { readConfig } from '../config.ts';
import { ledgerChecks } from '../ledger-checks.ts';
import { makeLog, openConfiguredDatabase } from './open-site.ts';
import { reportProgress } from './progress.ts';

const USE =
  'Use: tollgate ledger export [--format ledger|hledger|csv], tollgate ledger verify [--from SEAL], or tollgate ledger rebuild-balances\n';

export const ledger: Command = {
  options: { format: { type: 'string', default: 'ledger' }, from: { type: 'string' } },
  async run(values, [verb]) {
    const format = String(values['format']);
    if (!['export', 'verify', 'rebuild-balances'].includes(verb ?? '') || !isExportFormat(format)) {
      process.stderr.write(USE);
      return 2;
    }
    const from = typeof values['from'] === 'string' ? parseCheckpoint(values['from']) : null;
    if (from === null && values['from'] !== undefined) {
      process.stderr.write(
        '--from: give the number of a seal, such as 12, or 12: and the hash that was printed for it.\n',
      );
      return 2;
    }
    const config = readConfig();
    const database = await openConfiguredDatabase(config, makeLog(config));
    try {
      if (verb === 'export') {
        const progress = reportProgress('entries');
        const { entries_count } = await countLedger(database.db);
        const onBatch = (done: number) => progress.report(done, Math.max(done, entries_count));
        for await (const text of exportLedger(database.db, format, onBatch)) process.stdout.write(text);
        progress.end();
        return 0;
      }
      if (verb === 'rebuild-balances') {
        process.stderr.write('the balances are written anew from all entries, in one transaction\n');
        await rebuildBalances(database.db);
      }
      const progress = reportProgress('rules');
      const options = { checks: ledgerChecks, from, onRule: progress.report };
      const verified = await verifyLedger(database.db, options);
      progress.end();
      return printVerification(verified);
    } finally {
      await database.close();
    }
  },
};

/** Prints the violations on standard error and the result on standard output; returns the exit status. */
function printVerification({ violations, entries_count, events_count, chain }: LedgerVerification): number {
  for (const { rule, where, detail } of violations) process.stderr.write(`${rule}: ${where}: ${detail}\n`);
  const result = violations.length === 0 ? 'the ledger is balanced' : `${violations.length} violations`;
  const waiting = `${chain.unsealed_count} events are not sealed, the oldest for ${chain.lag_s.toFixed(1)} s`;
  process.stdout.write(
    [
      `${entries_count} entries in ${events_count} events: ${result}`,
      chain.last === null ? 'no seal' : `last seal ${checkpointText(chain.last)}`,
      chain.unsealed_count === 0 ? 'every event is sealed' : waiting,
      '',
    ].join('\n'),
  );
  return violations.length === 0 ? 0 : 1;
}
