import { inTransaction } from '#platform/db/database';
import { defineJob } from '#platform/jobs/jobs';
import { checkpointText } from '../chain/index.ts';
import type { LedgerCheck } from '../check.ts';
import { insertVerification } from './verification-store.ts';
import { verifyLedger } from './verify-ledger.ts';

/** Verifies the ledger once a night, logs each violation and stores the result for `/metrics`. */
export const verifyLedgerJob = (checks: readonly LedgerCheck[]) =>
  defineJob({
    name: 'verify_ledger',
    schedule: '41 3 * * *',
    catch_up: 'last',
    timeout_s: 3600,
    run: async (ctx, _payload, at) => {
      const started_ms = performance.now();
      const { violations, events_count, entries_count, chain } = await verifyLedger(ctx.db, { checks });
      const took_ms = Math.round(performance.now() - started_ms);
      for (const violation of violations)
        ctx.log.error(
          { violation },
          'the ledger breaks a rule: see a broken ledger in docs/operating/failure-modes.md',
        );
      const result = { events_count, entries_count, violations_count: violations.length };
      await inTransaction(ctx.db, (tx) => insertVerification(tx, { verified_at: at, took_ms, ...result }));
      const seal = chain.last && checkpointText(chain.last);
      ctx.log.info({ ...result, took_ms, seal }, 'ledger verified');
    },
  });
