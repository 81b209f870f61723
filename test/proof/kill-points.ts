import { AsyncLocalStorage } from 'node:async_hooks';
import type pg from 'pg';
import { Stripe } from 'stripe';
import { Exchange } from '../../src/platform/db/exchange.ts';
import { GatedPool } from '../../src/platform/db/gated-pool.ts';

/** What a killed process did until then. */
export interface Life {
  /** Points that were passed, in their order: `commit`, or a call of Stripe that was about to be sent or was made. */
  points: string[];
  /** Number of points after which the process is killed. */
  readonly points_max: number;
  is_killed: boolean;
  /** Resolves when the process is killed. */
  readonly killed: Promise<void>;
  kill(): void;
}

const lives = new AsyncLocalStorage<Life>();
let is_installed = false;

/** Everything that follows is abandoned: the promise never settles. */
const never = () => new Promise<never>(() => {});

/** Begins a life that ends at the point of this number, counted from 0. */
export function newLife(points_max: number): Life {
  const { promise, resolve } = Promise.withResolvers<void>();
  const life: Life = {
    points: [],
    points_max,
    is_killed: false,
    killed: promise,
    kill() {
      life.is_killed = true;
      resolve();
    },
  };
  return life;
}

/** Runs work that ends with its life. Resolves with null if it was killed first. */
export async function runUntilKilled<T>(life: Life, work: () => Promise<T>): Promise<T | null> {
  return Promise.race([lives.run(life, work), life.killed.then(() => null)]);
}

/** Counts a point; kills the process if it is the last one. */
function pass(life: Life, point: string): void {
  if (life.points.length === life.points_max) life.kill();
  else life.points.push(point);
}

/**
 * Lets work inside `runUntilKilled` end as by a kill of its process. A second call has no effect.
 *
 * A killed process sends no statement and no call any more: a promise that waits for one never settles, and the
 * connection of an open transaction is closed, which rolls it back. Other work of this process is not affected.
 *
 * Points: a call of Stripe is about to be sent; its response has arrived; the database has committed a transaction or a
 * statement that writes. Between two points nothing outside the process changes.
 */
export function installKillPoints(): void {
  if (is_installed) return;
  is_installed = true;
  const clients = Object.getPrototypeOf(Stripe.createNodeHttpClient()) as Pick<Stripe.HttpClient, 'makeRequest'>;
  const { makeRequest } = clients;
  const { executeWatched } = GatedPool.prototype;
  clients.makeRequest = async function (this: Stripe.HttpClient, ...request) {
    const life = lives.getStore();
    const call = () => makeRequest.apply(this, request);
    if (!life) return call();
    const [, , path, method] = request;
    if (!life.is_killed) pass(life, `before ${method} ${path.split('?')[0]}`);
    if (life.is_killed) return never();
    const response = await call();
    if (!life.is_killed) pass(life, `after ${method} ${path.split('?')[0]}`);
    return life.is_killed ? never() : response;
  };
  const open_transactions = new WeakSet<pg.PoolClient>();
  GatedPool.prototype.executeWatched = async function (this: GatedPool, client, query) {
    const life = lives.getStore();
    if (!life) return executeWatched.call(this, client, query);
    if (life.is_killed) return abandon(this, client);
    const commits = follow(open_transactions, client, query);
    const result = await executeWatched.call(this, client, query);
    if (commits && !life.is_killed) pass(life, 'commit');
    return life.is_killed ? abandon(this, client) : result;
  };
}

/** Notes whether a transaction is open on a connection; returns true if the query makes a change permanent. */
function follow(open: WeakSet<pg.PoolClient>, client: pg.PoolClient, query: pg.QueryConfig | Exchange): boolean {
  const { text } = query;
  if (text === 'begin' || (query instanceof Exchange && query.begins)) open.add(client);
  if (text === 'commit' || (query instanceof Exchange && query.commits !== 'no')) return open.delete(client);
  if (text === 'rollback') open.delete(client);
  return !open.has(client) && /\b(insert into|update|delete from)\b/i.test(text);
}

/** Closes a connection of a killed process. A PGlite keeps its transaction when its socket closes. */
async function abandon(pool: GatedPool, client: pg.PoolClient): Promise<never> {
  await pool.execute(client, { text: 'rollback' }).catch(() => {});
  client.release(true);
  return never();
}
