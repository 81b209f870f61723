import type { Logger } from 'pino';
import type { Database } from '../db/database.ts';
import { transaction } from '../db/gated-pool.ts';
import { ChangeListener } from './change-listener.ts';
import type { ChangeSource } from './change-source.ts';
import { type CacheLimits, cache_limits, FactCache } from './fact-cache.ts';
import { Follower } from './follower.ts';
import { type FactsStatus, makeTrustReport } from './report-trust.ts';
import type { Tag } from './tag.ts';
import { WriteWatch } from './write-watch.ts';

/** A kind of fact; `V` is the type of its values. */
export interface FactKind<V extends object> {
  readonly name: string;
  /** Exists in types only. */
  readonly value?: V;
}

/** Declares a kind of fact. Each kind has its own keys. */
export function defineFact<V extends object>(name: string): FactKind<V> {
  return { name };
}

export interface LoadedFact<V extends object> {
  /** Without cycles. Shared by all callers, which must not change it. */
  value: V;
  /** Everything that the value depends on: a change of any of these removes it. */
  tags: readonly Tag[];
}

/** Reads committed data, never a transaction of the caller or other facts. Undefined is not stored. */
export type LoadFact<V extends object> = () => Promise<LoadedFact<V> | undefined>;

/** Reads facts. */
export interface FactReader {
  /** Returns a cached value; undefined if there is none or if it may be out of date. */
  peek<V extends object>(kind: FactKind<V>, key: string | number): V | undefined;
  /** Returns the cached value, or loads it. Values contain instants: the caller compares them with the current time. */
  get<V extends object>(kind: FactKind<V>, key: string | number, load: LoadFact<V>): Promise<V | undefined>;
}

/** Facts in memory that are coherent with the database. */
export interface Facts extends FactReader {
  /** Starts to follow the changes; the first `get` does so as well. */
  start(): void;
  status(): FactsStatus;
  /** Ends the connection and the timers. */
  close(): void;
}

/** Loads each time; for checks that must not depend on memory. */
export const noFacts: FactReader = {
  peek: () => undefined,
  get: async (_kind, _key, load) => (await load())?.value,
};

export interface FactsOptions {
  database: Pick<Database, 'executeSql' | 'connect' | 'watch'>;
  log: Logger;
  /** Monotonic clock. Units: ms. */
  now_ms?: () => number;
  limits?: CacheLimits;
}

export function makeFacts(options: FactsOptions): Facts {
  return new FactMemory(options);
}

interface RunningLoad {
  promise: Promise<object | undefined>;
  change_count: number;
}

class FactMemory implements Facts {
  readonly #cache: FactCache;
  readonly #follower: Follower;
  readonly #source: ChangeSource;
  readonly #unwatch: () => void;
  readonly #report: { start(): void; close(): void };
  readonly #loads = new Map<string, RunningLoad>();
  #is_started = false;

  constructor({ database, log, now_ms = () => performance.now(), limits = cache_limits }: FactsOptions) {
    this.#cache = new FactCache(limits);
    this.#follower = new Follower({ cache: this.#cache, now_ms, is_alone: database.connect === null });
    this.#source = database.connect
      ? listenTo(this.#follower, database.connect)
      : readAlone(this.#follower, (text, values) => database.executeSql(text, values));
    this.#unwatch = database.watch(new WriteWatch(this.#follower, this.#source).afterStatement);
    this.#report = makeTrustReport(() => this.status(), log);
  }

  peek<V extends object>(kind: FactKind<V>, key: string | number): V | undefined {
    return this.#peek(idOf(kind, key)) as V | undefined; // `get` alone stores values, with the type of their kind
  }

  async get<V extends object>(kind: FactKind<V>, key: string | number, load: LoadFact<V>): Promise<V | undefined> {
    this.start();
    const id = idOf(kind, key);
    return (this.#peek(id) ?? (await this.#loadOnce(id, load))) as V | undefined; // as in `peek`
  }

  start(): void {
    if (this.#is_started) return;
    this.#is_started = true;
    this.#source.start();
    this.#report.start();
  }

  status(): FactsStatus {
    return {
      is_trusted: this.#follower.isTrusted(),
      age_ms: this.#follower.age_ms,
      entries_count: this.#cache.entries_count,
      bytes: this.#cache.bytes,
    };
  }

  close(): void {
    this.#unwatch();
    this.#report.close();
    this.#source.close();
  }

  #peek(id: string): object | undefined {
    return this.#follower.isTrusted() ? this.#cache.get(id) : undefined;
  }

  /** Joins a load that runs, unless a change was applied since it began. */
  #loadOnce(id: string, load: LoadFact<object>): Promise<object | undefined> {
    const { change_count } = this.#cache;
    const running = this.#loads.get(id);
    if (running?.change_count === change_count && this.#follower.isTrusted()) return running.promise;
    const promise = this.#load(id, load).finally(() => {
      if (this.#loads.get(id)?.promise === promise) this.#loads.delete(id);
    });
    this.#loads.set(id, { promise, change_count });
    return promise;
  }

  async #load(id: string, load: LoadFact<object>): Promise<object | undefined> {
    const mark = this.#cache.beginLoad();
    // Without a position, earlier changes are unknown.
    const may_store = this.#follower.is_following;
    try {
      const loaded = await load();
      if (loaded && may_store) this.#cache.store(id, loaded.value, loaded.tags, mark);
      return loaded?.value;
    } finally {
      this.#cache.endLoad();
    }
  }
}

function idOf({ name }: FactKind<object>, key: string | number): string {
  return `${name} ${key}`;
}

function listenTo(follower: Follower, connect: NonNullable<Database['connect']>): ChangeSource {
  return new ChangeListener({
    connect,
    poll: (send) => follower.poll(send),
    onEnded: () => follower.clearAtNextRead(),
  });
}

/** The source of a PGlite: no other process writes to it, so that only the first position is read apart from writes. */
function readAlone(follower: Follower, executeSql: Database['executeSql']): ChangeSource {
  const read = () => {
    // Outside the transaction of the caller: the read waits for its end.
    void transaction.exit(async () => follower.poll(({ text, values }) => executeSql(text, values))).catch(() => {});
  };
  return { start: read, pollSoon: read, notify: () => {}, close: () => {} };
}
