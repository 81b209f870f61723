import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { benchPosts, migrateScratch } from './ledger-posts.ts';
import { ENTRIES_PER_EVENT, insertPaidOrders } from './ledger-rows.ts';
import { onDatabase } from './on-database.ts';
import { printLine } from './report.ts';
import { makeScratchDatabase } from './scratch-database.ts';
import { analyze } from './seed.ts';

const ENTRIES_COUNT = 1_000_000;
const SUBJECTS_COUNT = 100_000;
const POLL_MS = 100;
const KB_PER_MB = 1024;

/** Measures posts of ledger events, with every trigger and the hash chain, and the verification of a large ledger. */
export async function benchLedger(): Promise<void> {
  await benchPosts();
  const scratch = await makeScratchDatabase();
  if ('reason' in scratch) throw new Error(scratch.reason);
  try {
    await benchVerification(scratch.url);
  } finally {
    await scratch.drop();
  }
}

async function benchVerification(database_url: string): Promise<void> {
  await migrateScratch(database_url);
  const filled_ms = performance.now();
  await onDatabase(database_url, async (client) => {
    // Filled without triggers and without the indexes of lists, none of which the verification uses.
    await client.query(`set session_replication_role = replica;
      drop index ledger_entries_text, ledger_entries_description, ledger_entries_dest, ledger_entries_orig,
        ledger_entries_dest_account, ledger_entries_orig_account, ledger_entries_dest_amount, ledger_entries_orig_amount,
        ledger_entries_dest_profile, ledger_entries_orig_profile`);
    const count = ENTRIES_COUNT / ENTRIES_PER_EVENT;
    await insertPaidOrders(client, { kind: 'verified', payer: 'payer-0', count, subjects: SUBJECTS_COUNT });
    await client.query(`insert into ledger_event_hashes
        select ledger_event_id, 1, sha256(convert_to(text, 'UTF8')) from ledger_event_texts;
      insert into ledger_unsealed_events select ledger_event_id from ledger_event_hashes;
      select ledger_rebuild_balances();
      select rebuild_list_counts();
      do $$ begin while ledger_seal_events(10000) > 0 loop end loop; end $$`);
  });
  await analyze(database_url);
  const fill_s = (performance.now() - filled_ms) / 1000;
  const { took_s, process_mb, server_mb, output } = await verify(database_url);
  printLine({
    name: 'ledger verify of 1,000,000 entries',
    value: took_s,
    unit: 's',
    goal: { max: 60 },
    detail: `s; filled in ${fill_s.toFixed(0)} s; ${output.split('\n')[0] ?? ''}`,
  });
  printLine({
    name: 'its resident memory',
    value: process_mb,
    unit: 'MB',
    goal: { max: 300 },
    detail: `MB at most; the process of the server ${server_mb.toFixed(0)} MB without shared buffers`,
  });
}

/** Runs `tollgate ledger verify` and reads the peaks of memory, of its process and of its process of the server. */
async function verify(database_url: string) {
  const started_ms = performance.now();
  const child = spawn(process.execPath, ['src/main.ts', 'ledger', 'verify'], {
    env: { PATH: process.env['PATH'], DATABASE_URL: database_url, SECRET_KEY: 'bench bench bench bench bench bench' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (data) => (output += String(data)));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  let process_mb = 0;
  let server_mb = 0;
  let is_running = true;
  const watching = onDatabase(database_url, async (client) => {
    while (is_running) {
      process_mb = Math.max(process_mb, readMemory(child.pid, 'VmHWM'));
      const { rows } = await client.query<{ pid: number }>(
        `select pid from pg_stat_activity where datname = current_database() and application_name = 'tollgate'`,
      );
      for (const { pid } of rows) server_mb = Math.max(server_mb, readMemory(pid, 'RssAnon'));
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  });
  const status = await ended;
  const took_s = (performance.now() - started_ms) / 1000;
  is_running = false;
  await watching;
  if (status !== 0) throw new Error(`ledger verify ended with ${status}: ${output}`);
  return { took_s, process_mb, server_mb, output };
}

/** Reads a value of /proc in MB; 0 for a process that ended or that is on another machine. */
function readMemory(pid: number | undefined, name: 'VmHWM' | 'RssAnon'): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / KB_PER_MB;
  } catch {
    return 0;
  }
}
