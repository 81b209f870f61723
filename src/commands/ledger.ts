import { exportLedger, isExportFormat, rebuildBalances, verifyLedger } from '#ledger';
import type { Command } from '../commands.ts';
import { readConfig } from '../config.ts';
import { makeLog, openConfiguredDatabase } from './open-site.ts';

export const ledger: Command = {
  options: { format: { type: 'string', default: 'ledger' } },
  async run(values, [verb]) {
    const format = String(values['format']);
    if (!['export', 'verify', 'rebuild-balances'].includes(verb ?? '') || !isExportFormat(format)) {
      process.stderr.write(
        'Use: tollgate ledger export [--format ledger|hledger|csv], tollgate ledger verify, or tollgate ledger rebuild-balances\n',
      );
      return 2;
    }
    const config = readConfig();
    const database = await openConfiguredDatabase(config, makeLog(config));
    try {
      if (verb === 'export') {
        for await (const text of exportLedger(database.db, format)) process.stdout.write(text);
        return 0;
      }
      if (verb === 'rebuild-balances') await rebuildBalances(database.db);
      const report = await verifyLedger(database.db);
      for (const violation of report.violations)
        process.stderr.write(`${violation.rule}: ${violation.where}: ${violation.detail}\n`);
      process.stdout.write(
        `${report.entries_count} entries in ${report.events_count} events: ${report.violations.length === 0 ? 'the ledger is balanced' : `${report.violations.length} violations`}\n`,
      );
      return report.violations.length === 0 ? 0 : 1;
    } finally {
      await database.close();
    }
  },
};
