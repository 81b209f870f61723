import type { Reader } from '#platform/db/database';
import type { Gauge } from '#platform/http/replies/metrics';
import { findChainState } from './chain/index.ts';
import { findLastVerification } from './verification/index.ts';

const SECOND_MS = 1000;

/** Reads the gauges of the ledger for `/metrics`. Those of a verification are left out before its first run. */
export async function readLedgerGauges(reader: Reader): Promise<Gauge[]> {
  const chain = await findChainState(reader);
  const verification = await findLastVerification(reader);
  const gauges: Gauge[] = [
    {
      name: 'tollgate_ledger_unsealed_events',
      help: 'Ledger events whose hash is in no seal yet.',
      value: chain.unsealed_count,
    },
    {
      name: 'tollgate_ledger_seal_lag_seconds',
      help: 'Time that the oldest unsealed ledger event waits for its seal.',
      value: chain.lag_s,
    },
    {
      name: 'tollgate_ledger_last_seal',
      help: 'Number of the last seal of the hash chain; 0 before the first.',
      value: chain.last?.seal_id ?? 0,
    },
  ];
  if (!verification) return gauges;
  return [
    ...gauges,
    {
      name: 'tollgate_ledger_verified_timestamp_seconds',
      help: 'Instant of the last run of verify_ledger, in seconds since 1970 (UTC).',
      value: verification.verified_at.getTime() / SECOND_MS,
    },
    {
      name: 'tollgate_ledger_verification_duration_seconds',
      help: 'Duration of the last run of verify_ledger.',
      value: verification.took_ms / SECOND_MS,
    },
    {
      name: 'tollgate_ledger_violations',
      help: 'Rows that break a rule of the ledger, by the last run of verify_ledger.',
      value: verification.violations_count,
    },
  ];
}
