import { accounts, moveAmount, type NewEvent, postEvent, postEvents, sealLedger } from '#ledger';
import { type Db, inTransaction, openDatabase } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { migrate } from '#platform/db/migrate';
import { readCpuMs } from './child.ts';
import { median } from './measure.ts';
import { onDatabase } from './on-database.ts';
import { printLine } from './report.ts';
import { makeScratchDatabase } from './scratch-database.ts';
import { analyze } from './seed.ts';
import { clients, rounds, seconds } from './settings.ts';
import { countStatements } from './statement-count.ts';

const BATCH = 100;
const SEAL_MS = 2_000;
const POSTED_AT = new Date('2026-01-31T12:00:00Z');

/** Migrates an empty database and inserts a broker and one payer per client. */
export async function migrateScratch(database_url: string): Promise<void> {
  const database = await openDatabase({ url: database_url });
  await migrate(database.db).finally(() => database.close());
  await onDatabase(database_url, (client) =>
    client.query(
      `insert into profiles (slug, full_name, created_at)
      select 'broker', 'Broker', now() union all select 'payer-' || n, 'Payer', now() from generate_series(0, $1 - 1) as n`,
      [clients],
    ),
  );
}

/**
 * Measures how many events per second are posted, one or many per transaction, while their hashes are sealed; beside
 * it, the share of the rate without hashes, on a database that does not store them.
 */
export async function benchPosts(): Promise<void> {
  const sides = [await openSide(), await openSide()] as const;
  const [chained, bare] = sides;
  try {
    await onDatabase(bare.url, (client) =>
      client.query('alter table ledger_events disable trigger ledger_events_balance'),
    );
    for (const [name, count, min] of [
      ['ledger events, 1 per transaction', 1, 1_000],
      [`ledger events, ${BATCH} per transaction`, BATCH, 5_000],
    ] as const) {
      const loads = sides.map(() => new Array<Load>());
      for (let round = -1; round < rounds; round += 1) {
        for (const [index, side] of sides.entries()) {
          const figures = await load(side, count, round < 0 ? 1 : seconds);
          if (round >= 0) loads[index]?.push(figures);
          // Plans for empty tables would be kept by the connections.
          else await analyze(side.url);
        }
      }
      const { statements, transactions_count } = await countStatements(() => post(chained, count, 0));
      const [with_chain = 0, without = 0] = loads.map((each) => median(each.map(({ per_s }) => per_s)));
      const cpu_us = median((loads[0] ?? []).map((each) => each.cpu_us));
      printLine({
        name,
        value: with_chain,
        unit: 'per s',
        goal: { min },
        detail: `per s, ${clients} clients, 4 entries each, ${cpu_us.toFixed(0)} us CPU of the server; ${statements.length} statement in ${transactions_count} transaction; ${(with_chain / without).toFixed(2)} of the rate without hashes`,
      });
    }
  } finally {
    for (const side of sides) await side.close();
  }
}

interface PostSide {
  url: string;
  db: Db;
  provider: ProfileId;
  payers: readonly ProfileId[];
  close(): Promise<void>;
}

async function openSide(): Promise<PostSide> {
  const scratch = await makeScratchDatabase();
  if ('reason' in scratch) throw new Error(scratch.reason);
  await migrateScratch(scratch.url);
  const { rows } = await onDatabase(scratch.url, (client) =>
    client.query<{ id: ProfileId }>(
      `select id::int from profiles where slug <> '' order by slug = 'broker' desc, slug`,
    ),
  );
  const [provider, ...payers] = rows.map(({ id }) => id);
  if (provider === undefined) throw new Error('there is no broker');
  const database = await openDatabase({ url: scratch.url, pool_max: clients + 1 });
  return {
    url: scratch.url,
    db: database.db,
    provider,
    payers,
    async close() {
      await database.close();
      await scratch.drop();
    },
  };
}

interface Load {
  per_s: number;
  /** CPU time of the processes of the server per event; 0 for a server on another machine. */
  cpu_us: number;
}

/** Posts on each client until the time ends, while another connection seals. */
async function load(side: PostSide, count: number, time_s: number): Promise<Load> {
  const cpu_ms = await serverCpuMs(side.url);
  const sealing = setInterval(() => void sealLedger(side.db), SEAL_MS);
  const started_ms = performance.now();
  const until_ms = started_ms + time_s * 1000;
  let posted_count = 0;
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      while (performance.now() < until_ms) {
        await post(side, count, client);
        posted_count += count;
      }
    }),
  );
  clearInterval(sealing);
  const per_s = (posted_count / (performance.now() - started_ms)) * 1000;
  return { per_s, cpu_us: (((await serverCpuMs(side.url)) - cpu_ms) * 1000) / posted_count };
}

/** Returns the CPU time that the connections of the database have used, from /proc. */
async function serverCpuMs(database_url: string): Promise<number> {
  const { rows } = await onDatabase(database_url, (client) =>
    client.query<{ pid: number }>(
      'select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    ),
  );
  return rows.reduce((sum, { pid }) => sum + readCpuMs(pid), 0);
}

let posted = 0;

async function post(side: PostSide, count: number, client: number): Promise<void> {
  const events = Array.from({ length: count }, () => makePaidOrder(side, client));
  const [first] = events;
  await inTransaction(side.db, async (tx) => {
    if (count === 1 && first) await postEvent(tx, first);
    else await postEvents(tx, events);
  });
}

/** An order and its payment, on a new subscription. */
function makePaidOrder({ provider, payers }: PostSide, client: number): NewEvent {
  const payer = payers[client % payers.length];
  if (payer === undefined) throw new Error('there is no payer');
  posted += 1;
  const subject = { kind: 'sub', id: String(posted), part: '' };
  const of = (profile_id: ProfileId, account: keyof typeof accounts) => ({ profile_id, account: accounts[account] });
  const move = (from: ReturnType<typeof of>, to: ReturnType<typeof of>) =>
    moveAmount({ from, to, amount: 2000, unit: 'usd', subject, description: 'Subscription to bench (1 month)' });
  return {
    key: `bench:${posted}`,
    kind: 'bench',
    at: POSTED_AT,
    entries: [
      move(of(provider, 'receivable'), of(payer, 'payable')),
      move(of(payer, 'payable'), of(payer, 'liability')),
      move(of(provider, 'backlog'), of(provider, 'receivable')),
      move(of(payer, 'liability'), of(provider, 'funds')),
    ],
  };
}
