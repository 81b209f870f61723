import { sql } from 'kysely';
import type { Reader, Tx } from '#platform/db/database';
import type { Checkpoint } from './checkpoint.ts';

/** Appends one seal over up to `events_max` events; returns their number, 0 also while another node seals. */
export async function insertSeal(tx: Tx, events_max: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`select ledger_seal_events(${events_max}) as count`.execute(tx);
  return rows[0]?.count ?? 0;
}

/** State of the hash chain. */
export interface ChainState {
  /** The last seal; null before the first. */
  last: Checkpoint | null;
  /** Instant of the last seal, by the clock of the database. */
  sealed_at: Date | null;
  /** Events whose hash is stored and in no seal yet. */
  unsealed_count: number;
  /** Time that the oldest of them waits, by the clock of the database; 0 without one. */
  lag_s: number;
}

export async function findChainState(reader: Reader): Promise<ChainState> {
  // Index: primary key of ledger_seals. The queue has the rows of some seconds.
  const { rows } = await sql<{
    id: number | null;
    hash: string | null;
    sealed_at: Date | null;
    unsealed_count: number;
    lag_s: number;
  }>`select last.id, last.hash, last.sealed_at, waiting.unsealed_count, waiting.lag_s
    from (select count(*) as unsealed_count,
        greatest(coalesce(extract(epoch from clock_timestamp() - min(queued_at)), 0), 0)::float8 as lag_s
      from ledger_unsealed_events) waiting
    left join (select id, encode(hash, 'hex') as hash, sealed_at from ledger_seals order by id desc limit 1) last on true`.execute(
    reader,
  );
  const row = rows[0];
  if (!row) return { last: null, sealed_at: null, unsealed_count: 0, lag_s: 0 };
  const { id, hash, ...state } = row;
  return { ...state, last: id === null ? null : { seal_id: id, hash } };
}
