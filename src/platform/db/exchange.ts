import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import pg from 'pg';

/** Converts values as pg does for its own queries; its types do not declare the module. */
const { prepareValue } = createRequire(import.meta.url)('pg/lib/utils') as { prepareValue: ValueMapper };

/** Prepared once on each connection: exchanges refer to them by their names. */
export const BEGIN = { name: 'begin', text: 'begin', values: [] };
export const COMMIT = { name: 'commit', text: 'commit', values: [] };
/** Makes the commit of the transaction release its locks before the server writes it to disk. `FLUSH` must follow. */
export const RELEASE_EARLY = { name: 'release_early', text: 'set local synchronous_commit = off', values: [] };
/**
 * Waits until all commits before it are on disk: a transaction of its own, without locks and rows, whose commit is
 * flushed as the session requires.
 */
export const FLUSH = {
  name: 'flush',
  text: `select 1 where pg_logical_emit_message(true, 'tollgate', ''::text) is null`,
  values: [],
};

/** Whether an exchange commits, and when the locks of the transaction are released: after the flush, or before it. */
export type Commits = 'no' | 'flushed' | 'released_early';

/** Statements of one transaction that are sent together, and answered together. */
export class Exchange {
  /** Sends `begin` before the statements. */
  readonly begins: boolean;
  /** At least one. Several, or one that is committed, are prepared on the connection. */
  readonly statements: readonly pg.QueryConfig<unknown[]>[];
  /** Sends `commit` behind the statements. */
  readonly commits: Commits;
  /** All statements, for those who watch what is written. */
  readonly text: string;

  constructor({ begins, statements, commits }: Pick<Exchange, 'begins' | 'statements' | 'commits'>) {
    this.begins = begins;
    this.statements = statements;
    this.commits = commits;
    this.text = statements.map(({ text }) => text).join(';\n');
  }
}

/** The part of pg's connection that sends the messages of the extended protocol. */
interface Wire {
  bind(message: { statement: string | undefined; values: readonly unknown[]; valueMapper?: ValueMapper }): void;
  describe(message: { type: 'P'; name: '' }): void;
  execute(message: { rows: number }): void;
  sync(): void;
}
type ValueMapper = (value: unknown) => unknown;

/** The steps of pg's query that its types do not declare. */
interface QuerySteps extends EventEmitter, pg.Submittable {
  name: string | undefined;
  prepare(wire: Wire): void;
  handleCommandComplete(message: unknown, wire: Wire): void;
  handleError(error: unknown, wire: Wire): void;
}
type Results = pg.QueryResult | pg.QueryResult[];
type Callback = (error: Error | null, results: Results) => void;
const Query = pg.Query as unknown as new (
  text: string,
  values: readonly unknown[] | undefined,
  callback: Callback,
) => QuerySteps;

/**
 * An exchange as a query of pg: one write and one wake-up of both processes for all its statements.
 *
 * The server executes them one after the other, each with a snapshot of its own. After an error it skips the rest: no
 * statement runs outside the transaction, and nothing is committed.
 * @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING
 */
class ExchangeQuery extends Query {
  /** Read by counters of statements. */
  readonly exchange: Exchange;
  #completed_count = 0;

  constructor(exchange: Exchange, callback: Callback) {
    const [only] = exchange.statements;
    const is_single = exchange.statements.length === 1 && exchange.commits === 'no' && only !== undefined;
    super(is_single ? only.text : exchange.text, is_single ? (only.values ?? []) : [], callback);
    if (is_single && only.name !== undefined) this.name = only.name;
    this.exchange = exchange;
  }

  /** Called by `submit` of pg, which sends what this writes at once. */
  override prepare(wire: Wire): void {
    const { begins, statements, commits } = this.exchange;
    if (begins) runBare(wire, BEGIN.name);
    if (statements.length === 1 && commits === 'no') return super.prepare(wire);
    try {
      for (const { name, values = [] } of statements) {
        wire.bind({ statement: name, values, valueMapper: prepareValue });
        wire.describe({ type: 'P', name: '' });
        wire.execute({ rows: 0 });
      }
      for (const { name } of endingOf(commits)) runBare(wire, name);
    } catch (error) {
      this.handleError(error, wire);
    }
    wire.sync();
  }

  /** Keeps the results of the statements, not those of `begin` and the ending. */
  override handleCommandComplete(message: unknown, wire: Wire): void {
    const place = this.#completed_count - (this.exchange.begins ? 1 : 0);
    this.#completed_count += 1;
    if (place >= 0 && place < this.exchange.statements.length) super.handleCommandComplete(message, wire);
  }

  /** Several statements have no values of their own, by which pg would choose the simple protocol. */
  requiresPreparation(): boolean {
    return true;
  }
}

/** Returns the statements that end a transaction in this way. */
export function endingOf(commits: Commits): readonly (typeof COMMIT)[] {
  if (commits === 'no') return [];
  return commits === 'flushed' ? [COMMIT] : [RELEASE_EARLY, COMMIT, FLUSH];
}

function runBare(wire: Wire, name: string): void {
  wire.bind({ statement: name, values: [] });
  wire.execute({ rows: 0 });
}

/**
 * Sends a statement. `callback` gets its result.
 *
 * Why not the object as an argument of `client.query`: pg copies it with the descriptors of its members, which takes
 * 3 us of the CPU time of this process.
 */
export function sendStatement<O extends object>(
  client: pg.ClientBase,
  { name, text, values }: pg.QueryConfig<unknown[]>,
  callback: (error: Error | null, result: pg.QueryResult<O>) => void,
  limit_ms?: number,
): void {
  const query = new Query(text, values, callback as Callback); // one statement has one result
  if (name !== undefined) query.name = name;
  client.query(limit_ms === undefined ? query : Object.assign(query, { query_timeout: limit_ms }));
}

/** Sends an exchange and returns the result of each of its statements. */
export function sendExchange(client: pg.ClientBase, exchange: Exchange, limit_ms?: number): Promise<pg.QueryResult[]> {
  return new Promise((resolve, reject) => {
    const query = new ExchangeQuery(exchange, (error, results) =>
      error ? reject(error) : resolve(Array.isArray(results) ? results : [results]),
    );
    client.query(limit_ms === undefined ? query : Object.assign(query, { query_timeout: limit_ms }));
  });
}

/** Statements of a transaction that are sent together, as one text. */
export interface Batch {
  readonly texts: readonly string[];
  /** Number of the values of each statement. */
  readonly value_counts: readonly number[];
  /** Commits the transaction behind the last statement. */
  readonly commits: Commits;
}

interface Place {
  readonly next: Map<string, Place>;
  /** Texts of the batches that end here, by their ending. */
  readonly texts: Map<Commits, string>;
}

const root: Place = { next: new Map(), texts: new Map() };
const batches = new Map<string, Batch>();

/** Returns the text that stands for a batch in Kysely's driver. Batches are kept: their texts must repeat. */
export function textOfBatch(batch: Batch): string {
  let place = root;
  for (const text of batch.texts) {
    let found = place.next.get(text);
    if (!found) place.next.set(text, (found = { next: new Map(), texts: new Map() }));
    place = found;
  }
  let text = place.texts.get(batch.commits);
  if (text === undefined) {
    text = `${[...batch.texts, ...endingOf(batch.commits).map((ending) => ending.text)].join(';\n')};`;
    place.texts.set(batch.commits, text);
    batches.set(text, batch);
  }
  return text;
}

/** Finds the batch that a text stands for. */
export function findBatch(text: string): Batch | undefined {
  return batches.get(text);
}
