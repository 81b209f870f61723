import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { Exchange } from './exchange.ts';
import { GatedPool } from './gated-pool.ts';
import { findLost } from './lost-connections.ts';
import {
  CLOSE_MS_MAX,
  clientOf,
  destroySocket,
  endWithoutWaiting,
  findWriteRefusal,
  isQueryTimeout,
  KEEP_ALIVE_MS,
  READ_ONLY,
  resolvedWithin,
  type ServerAddress,
  TEST_MS_MAX,
} from './server-client.ts';

/**
 * Added to the server's statement limit: the client closes the connection when no response arrives by then. Units: ms.
 */
const RESPONSE_MARGIN_MS = 1_000;
const TEST_INTERVAL_MS = 1_000;
/** Time without a response after which a statement fails, on a connection as old as one that proved dead. Units: ms. */
const SILENCE_MS_MAX = 3_000;
const NO_LIMIT_MS = 2_147_483_647;

export interface ServerPoolOptions extends ServerAddress {
  /** Refuses a second connection to a caller inside a transaction. */
  has_gate: boolean;
  on_connection_lost?: ((error: Error) => void) | undefined;
  /** Called when a connection proves dead, or its server no longer accepts writes. */
  on_dead?: () => void;
}

/**
 * A pool of connections to a PostgreSQL with silent fail-over: connections become dead without FIN or RST, and another
 * host becomes the primary.
 *
 * Every wait is limited by the client. A connection with an unfinished statement is closed, never used again. Each
 * second one idle connection is tested, and statements without a response for 3 s are checked (lost-connections.ts).
 * When one connection is dead, all of the same age are closed: idle ones immediately, others after their statement, or
 * after 3 s without a response.
 * @see docs/decisions/0033-database-fail-over.md
 */
export class ServerPool extends GatedPool {
  readonly #options: ServerPoolOptions;
  readonly #preferred: { index: number };
  readonly #test_timer: NodeJS.Timeout;
  readonly #open = new Set<pg.PoolClient>();
  readonly #in_use = new Set<pg.PoolClient>();
  /** Start of the wait of each connection. Units: ms of the monotonic clock. */
  readonly #waiting = new Map<pg.PoolClient, number>();
  /** Statement limits that a transaction set. Units: ms. */
  readonly #own_limits = new WeakMap<pg.PoolClient, number>();
  readonly #outdated = new WeakSet<pg.PoolClient>();
  readonly #verified = new WeakSet<pg.PoolClient>();
  #is_testing = false;
  #is_searching = false;

  constructor(options: ServerPoolOptions) {
    const preferred = { index: 0 };
    super(
      {
        ...options.config,
        keepAlive: true,
        keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
        query_timeout: options.config.statement_timeout + RESPONSE_MARGIN_MS,
        Client: clientOf(options, preferred),
      },
      options.has_gate,
    );
    this.#options = options;
    this.#preferred = preferred;
    this.on('error', (error) => options.on_connection_lost?.(error));
    this.on('connect', (client) => this.#open.add(client));
    this.on('acquire', (client) => this.#in_use.add(client));
    this.on('release', (_error, client) => this.#in_use.delete(client));
    this.on('remove', (client) => this.#open.delete(client));
    this.#test_timer = setInterval(() => void this.#test(), TEST_INTERVAL_MS).unref();
  }

  protected override async acquire(): Promise<pg.PoolClient> {
    const client = await this.#connectToAny();
    const release = client.release.bind(client);
    client.release = (error) => release(error ?? this.#outdated.has(client));
    return client;
  }

  /** Tries each server once, starting with the last one that accepted a connection. */
  async #connectToAny(): Promise<pg.PoolClient> {
    const count = this.#options.hosts.urls.length;
    for (let tries = 1; ; tries += 1) {
      const { index } = this.#preferred;
      try {
        return await this.#checkWritable(await super.acquire());
      } catch (error) {
        const isPoolFull = error instanceof Error && error.message.startsWith('timeout exceeded');
        if (isPoolFull) throw error;
        if (this.#preferred.index === index) this.#preferred.index = (index + 1) % count;
        if (tries >= count) throw error;
      }
    }
  }

  /** Returns the connection if its server accepts writes; checked once per connection. */
  async #checkWritable(client: pg.PoolClient): Promise<pg.PoolClient> {
    if (!this.#options.hosts.must_write || this.#verified.has(client)) return client;
    const refusal = await findWriteRefusal(client);
    if (refusal) {
      client.release(true);
      throw refusal;
    }
    this.#verified.add(client);
    return client;
  }

  override async execute(client: pg.PoolClient, query: pg.QueryConfig | Exchange): Promise<unknown> {
    this.#noteLimit(client, query.text);
    const limit = this.#own_limits.get(client);
    this.#waiting.set(client, performance.now());
    try {
      const result = await super.execute(
        client,
        query,
        query instanceof Exchange ? this.#limitOf(query, limit) : limit,
      );
      if (query instanceof Exchange && query.commits !== 'no') this.#own_limits.delete(client);
      return result;
    } catch (error) {
      if (isQueryTimeout(error)) {
        destroySocket(client);
        this.#distrustAll();
      } else if (error instanceof pg.DatabaseError && error.code === READ_ONLY) this.#distrustAll();
      throw error;
    } finally {
      this.#waiting.delete(client);
    }
  }

  /**
   * `set local statement_timeout` of a transaction changes the client's limit together with the server's. Units: ms; 0
   * is no limit.
   */
  #noteLimit(client: pg.PoolClient, text: string): void {
    const match = /^\s*set local statement_timeout\s*(?:=|to)\s*'?([0-9]+)'?\s*$/i.exec(text);
    if (match)
      this.#own_limits.set(client, Number(match[1]) === 0 ? NO_LIMIT_MS : Number(match[1]) + RESPONSE_MARGIN_MS);
    else if (/^\s*(?:commit|rollback)\b/i.test(text)) this.#own_limits.delete(client);
  }

  /** The server limits each statement of an exchange. Units: ms. */
  #limitOf({ statements }: Exchange, own: number | undefined): number | undefined {
    if (statements.length === 1) return own;
    const each = own ?? this.#options.config.statement_timeout + RESPONSE_MARGIN_MS;
    return Math.min(each * statements.length, NO_LIMIT_MS);
  }

  async #test(): Promise<void> {
    const now = performance.now();
    for (const [client, since] of this.#waiting)
      if (this.#outdated.has(client) && now - since > SILENCE_MS_MAX) destroySocket(client);
    void this.#dropLost(now);
    if (this.#is_testing || this.idleCount === 0 || this.ending) return;
    this.#is_testing = true;
    try {
      const client = await super.acquire();
      if (await isResponsive(client.query('select 1'))) client.release(this.#outdated.has(client));
      else {
        destroySocket(client);
        client.release(true);
        this.#distrustAll();
        this.#options.on_connection_lost?.(new Error('an idle database connection does not respond'));
      }
    } catch {
      // No connection: the next user of the pool gets the error.
    } finally {
      this.#is_testing = false;
    }
  }

  /** Closes connections whose response was lost. */
  async #dropLost(now: number): Promise<void> {
    const silent = [...this.#waiting].filter(([, since]) => now - since > SILENCE_MS_MAX);
    if (this.#is_searching || silent.length === 0 || this.ending) return;
    this.#is_searching = true;
    const fresh = this.#freshClient(0);
    try {
      const lost = await findLost(
        fresh,
        silent.map(([client]) => client),
      );
      const stillSilent = silent.filter(
        ([client, since]) => lost.includes(client) && this.#waiting.get(client) === since,
      );
      for (const [client] of stillSilent) destroySocket(client);
      if (stillSilent.length > 0) this.#distrustAll();
    } catch {
      // The server does not respond to a new connection either: the limits of the statements apply.
    } finally {
      endWithoutWaiting(fresh);
      this.#is_searching = false;
    }
  }

  /** Closes every connection that is open now: the idle ones immediately, the others after their statement. */
  distrust(): void {
    for (const client of this.#open) {
      this.#outdated.add(client);
      if (!this.#in_use.has(client)) destroySocket(client);
    }
  }

  #distrustAll(): void {
    this.distrust();
    this.#options.on_dead?.();
  }

  /** Rejects unless the server responds on a new connection. */
  async probe(): Promise<void> {
    endWithoutWaiting(await this.connectOutside());
  }

  /** Connects outside the pool to the first server that responds and, if required, accepts writes. */
  async connectOutside(): Promise<pg.Client> {
    const { urls, must_write } = this.#options.hosts;
    let failure: unknown;
    for (let offset = 0; offset < urls.length; offset += 1) {
      const client = this.#freshClient(offset);
      client.on('error', () => {});
      try {
        await client.connect();
        const refusal = must_write ? await findWriteRefusal(client) : void (await client.query('select 1'));
        if (refusal) throw refusal;
        return client;
      } catch (error) {
        endWithoutWaiting(client);
        failure = error;
      }
    }
    throw failure;
  }

  /** A connection outside the pool, to the host that is `offset` after the preferred one. */
  #freshClient(offset: number): pg.Client {
    const index = (this.#preferred.index + offset) % this.#options.hosts.urls.length;
    const Client = clientOf(this.#options, { index });
    return new Client({ ...this.#options.config, query_timeout: TEST_MS_MAX });
  }

  /** Ends the pool within 2 s after the last connection was released, also when the server does not respond. */
  async close(): Promise<void> {
    clearInterval(this.#test_timer);
    const ended = this.end();
    await Promise.race([ended, sleep(CLOSE_MS_MAX, undefined, { ref: false })]);
    for (const client of this.#open) destroySocket(client);
    await ended;
  }
}

async function isResponsive(query: Promise<unknown>): Promise<boolean> {
  const responded = query.then(
    () => true,
    () => false,
  );
  return (await resolvedWithin(responded, TEST_MS_MAX)) ?? false;
}
