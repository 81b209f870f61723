import type { EventEmitter } from 'node:events';
import pg from 'pg';

/** Prepared once on each connection: the exchange below refers to it by its name. */
export const BEGIN = { name: 'begin', text: 'begin', values: [] };

/** The part of pg's connection that sends the messages of the extended protocol. */
interface Wire {
  bind(message: { statement: string; values: [] }): void;
  execute(message: { rows: number }): void;
}

/** The steps of pg's query that its types do not declare. */
interface QuerySteps extends EventEmitter, pg.Submittable {
  prepare(wire: Wire): void;
  handleCommandComplete(message: unknown, wire: Wire): void;
}
type Callback = (error: Error | null, result: pg.QueryResult) => void;
const Query = pg.Query as unknown as new (config: object, callback: Callback) => QuerySteps;

/**
 * A statement that is sent together with the `begin` before it, in one exchange: one wake-up of both processes less.
 *
 * When `begin` fails the server skips the statement, so that it never runs outside a transaction.
 */
class BeginningQuery extends Query {
  /** Read by counters of transactions. */
  readonly begins = true;
  #is_begun = false;

  override prepare(wire: Wire): void {
    wire.bind({ statement: BEGIN.name, values: [] });
    wire.execute({ rows: 0 });
    super.prepare(wire);
  }

  override handleCommandComplete(message: unknown, wire: Wire): void {
    if (this.#is_begun) super.handleCommandComplete(message, wire);
    else this.#is_begun = true;
  }
}

/** Begins a transaction and runs its first statement, which has parameters; `BEGIN` is prepared on the connection. */
export function beginWith(client: pg.ClientBase, query: pg.QueryConfig): Promise<pg.QueryResult> {
  return new Promise((resolve, reject) => {
    client.query(new BeginningQuery(query, (error, result) => (error ? reject(error) : resolve(result))));
  });
}
