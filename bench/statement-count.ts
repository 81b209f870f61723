import pg from 'pg';
import { FLUSH, RELEASE_EARLY } from '../src/platform/db/exchange.ts';
import { BACKGROUND } from '../src/platform/facts/changes-store.ts';

/** Statements that this process sent to its databases, over all connections. */
export interface StatementCount {
  /** Texts in the order of sending, without `begin`, `rollback`, savepoints and the statements that commit. */
  readonly statements: string[];
  /** Exchanges with the database, each a write to a socket and a response; those of `begin` and `commit` included. */
  exchanges_count: number;
  /** Transactions opened by `begin`. A statement outside them is a transaction of its own and is not counted here. */
  transactions_count: number;
}

const counts = new Set<StatementCount>();
const control = /^\s*(?:start\s+transaction|begin|commit|rollback|savepoint|release)\b/i;
const isControl = (text: string): boolean => control.test(text) || text === FLUSH.text || text === RELEASE_EARLY.text;
const opening = /^\s*(?:start\s+transaction|begin)\b/i;
/** Sent each second on an idle connection. */
const CONNECTION_TEST = 'select 1';
/** Sent at an interval: the counts of requests that the nodes exchange (`request-count-store.ts`). */
const COUNT_EXCHANGE = 'insert into request_counts';
let is_watching = false;

/**
 * Counts the statements that the process sends while `work` runs, those of the background included. What is sent
 * at an interval is excluded, because it belongs to no operation: reads of changes, their notifications, counts of
 * requests.
 */
export async function countStatements(work: () => Promise<unknown>): Promise<StatementCount> {
  watchClients();
  const count: StatementCount = { statements: [], exchanges_count: 0, transactions_count: 0 };
  counts.add(count);
  try {
    await work();
    return count;
  } finally {
    counts.delete(count);
  }
}

/** Wraps `query` of all clients of the driver, those of pools included. */
function watchClients(): void {
  if (is_watching) return;
  is_watching = true;
  const send: unknown = Reflect.get(pg.Client.prototype, 'query');
  if (typeof send !== 'function') throw new Error('the driver has no query method');
  Reflect.set(pg.Client.prototype, 'query', function query(this: pg.Client, ...args: unknown[]): unknown {
    note(textsOf(args[0]), begins(args[0]));
    const sent: unknown = Reflect.apply(send, this, args);
    return sent;
  });
}

function note(texts: readonly string[], begins_transaction: boolean): void {
  if (texts.every(isAtInterval)) return;
  for (const count of counts) {
    count.exchanges_count += 1;
    if (begins_transaction || texts.some((text) => opening.test(text))) count.transactions_count += 1;
    count.statements.push(...texts.filter((text) => !isControl(text)));
  }
}

function isAtInterval(text: string): boolean {
  return text === CONNECTION_TEST || text.startsWith(BACKGROUND) || text.startsWith(COUNT_EXCHANGE);
}

/** True for an exchange that begins a transaction. */
function begins(query: unknown): boolean {
  return Reflect.get(exchangeOf(query), 'begins') === true;
}

function textsOf(query: unknown): string[] {
  const statements: unknown = Reflect.get(exchangeOf(query), 'statements');
  if (Array.isArray(statements)) return statements.flatMap(textsOf);
  if (typeof query === 'string') return [query];
  const text: unknown = typeof query === 'object' && query !== null ? Reflect.get(query, 'text') : undefined;
  return [typeof text === 'string' ? text : ''];
}

/** Statements that are sent together; an empty object for a single one. */
function exchangeOf(query: unknown): object {
  const exchange: unknown = typeof query === 'object' && query !== null ? Reflect.get(query, 'exchange') : undefined;
  return typeof exchange === 'object' && exchange !== null ? exchange : {};
}
