import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';

const QUERY_MS_MAX = 2_000;
const RECHECK_MS = 500;

/**
 * Returns the waiting connections that the server no longer serves: their sessions do not exist, or are idle because
 * the response was lost. Queries the server by a new connection.
 *
 * Behind a pooler, whose process ids are not those of the server, none is returned.
 */
export async function findLost(fresh: pg.Client, waiting: readonly pg.PoolClient[]): Promise<pg.PoolClient[]> {
  fresh.on('error', () => {});
  const byProcess = new Map(waiting.map((client) => [processOf(client), client]));
  await fresh.connect();
  const { rows } = await fresh.query<{ own: number; busy: number[] }>(
    Object.assign(
      { query_timeout: QUERY_MS_MAX },
      {
        text: `select pg_backend_pid() as own, array(
                 select pid from pg_stat_activity
                  where pid = any($1) and (state is null or state not like 'idle%')) as busy`,
        values: [[...byProcess.keys()]],
      },
    ),
  );
  const [result] = rows;
  if (!result || result.own !== processOf(fresh)) return [];
  for (const process_id of result.busy) byProcess.delete(process_id);
  if (byProcess.size === 0) return [];

  // A response that was already sent arrives within this time.
  const before = new Map([...byProcess.values()].map((client) => [client, bytesReadOf(client)]));
  await sleep(RECHECK_MS);
  // The event loop runs timers before it reads sockets.
  await nextTurn();
  return [...before].flatMap(([client, bytes_read]) => (bytesReadOf(client) === bytes_read ? [client] : []));
}

function processOf(client: pg.ClientBase): number {
  return Number(Reflect.get(client, 'processID'));
}

function bytesReadOf(client: pg.ClientBase): number {
  const connection: unknown = Reflect.get(client, 'connection');
  const stream: unknown = typeof connection === 'object' && connection ? Reflect.get(connection, 'stream') : null;
  return typeof stream === 'object' && stream ? Number(Reflect.get(stream, 'bytesRead')) : 0;
}
