import type { Db, Tx } from '../../db/database.ts';
import { inTransaction } from '../../db/database.ts';
import { executeFragment, fragment } from '../../db/fragment.ts';

export interface StoredResponse {
  status: number;
  headers: Record<string, string>;
  body_sealed: string;
}

export type Claim =
  /** `claimed_at` names the claim: one that takes the key over has another. */
  | { kind: 'claimed'; claimed_at: Date }
  | { kind: 'in_flight' }
  | { kind: 'reused' }
  | { kind: 'done'; response: StoredResponse };

const IN_FLIGHT_MS = 120_000;
const KEPT_MS = 48 * 3_600_000;

/**
 * Claims the key for one request, or returns the state of the request that claimed it first.
 * A record that a crash left in flight is taken over after two minutes; the work itself has its own unique keys.
 */
export async function claimKey(db: Db, scope: string, key: string, fingerprint: string, at: Date): Promise<Claim> {
  const { created_at, locked_until, expires_at } = spans(at);
  // One statement is a transaction of its own: of several requests one inserts the row.
  const inserted = await executeFragment(
    db,
    fragment`insert into idempotency_records (scope, key, fingerprint, state, created_at, locked_until, expires_at)
      values (${scope}, ${key}, ${fingerprint}, 'in_flight', ${created_at}, ${locked_until}, ${expires_at})
      on conflict (scope, key) do nothing returning key`,
  );
  if (inserted.length > 0) return { kind: 'claimed', claimed_at: at };
  return inTransaction(db, (tx) => claimExisting(tx, scope, key, fingerprint, at));
}

async function claimExisting(tx: Tx, scope: string, key: string, fingerprint: string, at: Date): Promise<Claim> {
  const record = await tx
    .selectFrom('idempotency_records')
    .selectAll()
    .where('scope', '=', scope)
    .where('key', '=', key)
    .forUpdate()
    .executeTakeFirst();
  if (!record) return { kind: 'in_flight' };
  const isStale = record.expires_at <= at || (record.state === 'in_flight' && record.locked_until <= at);
  if (isStale && (record.fingerprint === fingerprint || record.expires_at <= at)) {
    await tx
      .updateTable('idempotency_records')
      .set({ fingerprint, state: 'in_flight', status: null, headers: null, body_sealed: null, ...spans(at) })
      .where('scope', '=', scope)
      .where('key', '=', key)
      .execute();
    return { kind: 'claimed', claimed_at: at };
  }
  if (record.fingerprint !== fingerprint) return { kind: 'reused' };
  if (record.state !== 'done' || record.status === null || record.body_sealed === null) return { kind: 'in_flight' };
  return {
    kind: 'done',
    response: { status: record.status, headers: parseHeaders(record.headers), body_sealed: record.body_sealed },
  };
}

/** A key with the claim of one request. */
export interface KeyClaim {
  scope: string;
  key: string;
  claimed_at: Date;
}

/** Stores the response of a claim; no effect if another request has taken the key over. */
export async function updateResponse(
  db: Db,
  { scope, key, claimed_at }: KeyClaim,
  response: StoredResponse,
): Promise<void> {
  await executeFragment(
    db,
    fragment`update idempotency_records set state = 'done', status = ${response.status},
        headers = ${JSON.stringify(response.headers)}, body_sealed = ${response.body_sealed}
      where scope = ${scope} and key = ${key} and state = 'in_flight' and created_at = ${claimed_at}`,
  );
}

/** Releases the key of a claim; no effect if another request has taken the key over. */
export async function releaseKey(db: Db, { scope, key, claimed_at }: KeyClaim): Promise<void> {
  await db
    .deleteFrom('idempotency_records')
    .where('scope', '=', scope)
    .where('key', '=', key)
    .where('state', '=', 'in_flight')
    .where('created_at', '=', claimed_at)
    .execute();
}

/** Deletes expired records; run by a daily job. */
export async function deleteExpiredKeys(tx: Tx, at: Date, rows_max: number): Promise<number> {
  // Index: idempotency_records_expiry.
  const deleted = await tx
    .deleteFrom('idempotency_records')
    .where(({ eb, refTuple, selectFrom }) =>
      eb(
        refTuple('scope', 'key'),
        'in',
        selectFrom('idempotency_records')
          .select(['scope', 'key'])
          .where('expires_at', '<', at)
          .orderBy('expires_at')
          .limit(rows_max)
          .$asTuple('scope', 'key'),
      ),
    )
    .executeTakeFirst();
  return Number(deleted.numDeletedRows);
}

function spans(at: Date) {
  return {
    created_at: at,
    locked_until: new Date(at.getTime() + IN_FLIGHT_MS),
    expires_at: new Date(at.getTime() + KEPT_MS),
  };
}

function parseHeaders(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** Deletes every record: their bodies are sealed, and their fingerprints made, with the master key. */
export async function deleteIdempotencyRecords(tx: Tx): Promise<void> {
  await tx.deleteFrom('idempotency_records').execute();
}
