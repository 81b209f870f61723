import pg from 'pg';
import { BACKGROUND } from '../src/platform/facts/changes-store.ts';

/** Statements that this process sent to its databases, over all connections. */
export interface StatementCount {
  /** Texts in the order of sending, without `begin`, `commit`, `rollback` and savepoints. */
  readonly statements: string[];
  /** Transactions opened by `begin`. A statement outside them is a transaction of its own and is not counted here. */
  transactions_count: number;
}

const counts = new Set<StatementCount>();
const control = /^\s*(?:start\s+transaction|begin|commit|rollback|savepoint|release)\b/i;
const opening = /^\s*(?:start\s+transaction|begin)\b/i;
/** Sent each second on an idle connection. */
const CONNECTION_TEST = 'select 1';
let is_watching = false;

/**
 * Counts the statements that the process sends while `work` runs, those of the background included. The reads of
 * changes at an interval and their notifications are excluded: they belong to no operation.
 */
export async function countStatements(work: () => Promise<unknown>): Promise<StatementCount> {
  watchClients();
  const count: StatementCount = { statements: [], transactions_count: 0 };
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
    note(textOf(args[0]), begins(args[0]));
    const sent: unknown = Reflect.apply(send, this, args);
    return sent;
  });
}

function note(text: string, begins_transaction: boolean): void {
  if (text === CONNECTION_TEST || text.startsWith(BACKGROUND)) return;
  for (const count of counts) {
    if (begins_transaction || opening.test(text)) count.transactions_count += 1;
    if (!control.test(text)) count.statements.push(text);
  }
}

/** True for a statement that is sent together with the `begin` before it. */
function begins(query: unknown): boolean {
  return typeof query === 'object' && query !== null && Reflect.get(query, 'begins') === true;
}

function textOf(query: unknown): string {
  if (typeof query === 'string') return query;
  const text: unknown = typeof query === 'object' && query !== null ? Reflect.get(query, 'text') : undefined;
  return typeof text === 'string' ? text : '';
}
