import { createHash } from 'node:crypto';
import type { Scope, StoredObject } from './stored-object.ts';
import { Timeline } from './timeline.ts';

/** One kept object with its place. Kinds that start with `_` belong to the emulator and are in no response. */
export interface Row {
  readonly id: string;
  readonly kind: string;
  readonly scope: string;
  readonly value: StoredObject;
}

/** Fields by which objects of a kind are found without a scan. */
const INDEXED = ['charge', 'customer', 'payment_intent', 'source', 'fee', 'setup_intent'] as const;
type IndexedField = (typeof INDEXED)[number];

const ID_LENGTH = 24;
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Returns the name of a scope in the store: `test/` is the platform in test mode. */
export function scopeName({ account, livemode }: Scope): string {
  return `${livemode ? 'live' : 'test'}/${account}`;
}

/** Returns the scope that `scopeName` named. */
export function scopeOf(name: string): Scope {
  const [mode, account = ''] = name.split('/');
  return { account, livemode: mode === 'live' };
}

/**
 * State of the emulator: rows by id, by (scope, kind) in the order of creation, and by a few fields.
 *
 * Every change since the last `commit` can be undone, so that a refused request leaves nothing behind.
 */
export class World {
  static readonly INDEXED = INDEXED;
  /** The instant in milliseconds; only moves forward. */
  time_ms: number;
  seed: string;
  readonly #rows = new Map<string, Row>();
  readonly #lists = new Map<string, Set<string>>();
  readonly #index = new Map<string, Set<string>>();
  #undo = new Map<string, Row | null>();
  readonly #timeline = new Timeline();

  constructor(seed: string, time_ms: number) {
    this.seed = seed;
    this.time_ms = time_ms;
  }

  /** The instant in seconds, as `created` has it. */
  get now(): number {
    return Math.floor(this.time_ms / 1000);
  }

  /** Returns a new id from the seed: the n-th id of a kind and scope is always the same. */
  nextId(prefix: string, scope: Scope, length = ID_LENGTH): string {
    const count = this.nextCount(`${prefix}:${scopeName(scope)}`);
    const bytes = createHash('sha512')
      .update(`${this.seed}:${prefix}:${scopeName(scope)}:${count}`)
      .digest();
    const text = Array.from({ length }, (_, at) => ALPHABET[(bytes[at] ?? 0) % ALPHABET.length]).join('');
    return prefix === '' ? text : `${prefix}_${text}`;
  }

  /** Returns 1, 2, 3, … for each name. */
  nextCount(name: string): number {
    const id = `_counter:${name}`;
    const value = Number(this.#rows.get(id)?.value['value'] ?? 0) + 1;
    this.#set({ id, kind: '_counter', scope: '', value: { id, object: '_counter', value } });
    return value;
  }

  insert<T extends StoredObject>(scope: Scope, value: T): T {
    this.#set({ id: value.id, kind: value.object, scope: scopeName(scope), value });
    return value;
  }

  /** Replaces fields of an object and returns the new one. */
  patch<T extends StoredObject>(value: T, change: Partial<T>): T {
    const row = this.#rows.get(value.id);
    if (!row) throw new Error(`${value.id} is not stored`);
    const next = { ...row.value, ...change } as T; // the stored row has the type of the value that was read from it
    this.#set({ ...row, value: next });
    return next;
  }

  /** Removes a row of the emulator; objects of the API stay, as deleted ones. */
  remove(id: string): void {
    const row = this.#rows.get(id);
    if (!row) return;
    this.#remember(id, row);
    this.#drop(row);
  }

  row(id: string): Row | undefined {
    return this.#rows.get(id);
  }

  /** Returns the object of this kind and scope. */
  get(scope: Scope, kind: string, id: string): StoredObject | undefined {
    const row = this.#rows.get(id);
    return row?.kind === kind && row.scope === scopeName(scope) ? row.value : undefined;
  }

  /** Returns the objects of a kind in the order of creation. */
  all(scope: Scope, kind: string): StoredObject[] {
    return this.#valuesOf(this.#lists.get(`${scopeName(scope)}|${kind}`));
  }

  /** Returns the objects whose indexed field has this value, in the order of creation. */
  by(scope: Scope, kind: string, field: IndexedField, value: string): StoredObject[] {
    return this.#valuesOf(this.#index.get(`${scopeName(scope)}|${kind}|${field}|${value}`));
  }

  /** Returns the rows of a kind of the emulator, in the order of creation. */
  internal(kind: string): StoredObject[] {
    return this.#valuesOf(this.#lists.get(`|${kind}`));
  }

  /** Returns the oldest row of a kind of the emulator. */
  first(kind: string): StoredObject | undefined {
    const id = this.#lists.get(`|${kind}`)?.values().next().value;
    return id === undefined ? undefined : this.#rows.get(id)?.value;
  }

  /** Inserts or replaces a row of the emulator. */
  keep(value: StoredObject): void {
    this.#set({ id: value.id, kind: value.object, scope: '', value });
  }

  /** Returns the planned work with the earliest `at_ms`. */
  nextDue(): StoredObject | undefined {
    for (;;) {
      const entry = this.#timeline.first;
      if (!entry) return undefined;
      const value = this.#rows.get(entry.id)?.value;
      if (value?.['at_ms'] === entry.at_ms) return value;
      this.#timeline.dropFirst();
    }
  }

  /** Returns every scope that has objects. */
  scopes(): Scope[] {
    const names = new Set(Array.from(this.#rows.values(), ({ scope }) => scope).filter((name) => name !== ''));
    return Array.from(names, scopeOf);
  }

  rows(): IterableIterator<Row> {
    return this.#rows.values();
  }

  /** Ends a unit of work: its changes stay. Returns the rows that changed; a removed row is an id with null. */
  commit(): [id: string, row: Row | null][] {
    const changed = Array.from(this.#undo.keys(), (id): [string, Row | null] => [id, this.#rows.get(id) ?? null]);
    this.#undo = new Map();
    return changed;
  }

  /** Undoes every change since the last `commit`. */
  rollback(): void {
    for (const [id, before] of Array.from(this.#undo).toReversed()) {
      const row = this.#rows.get(id);
      if (before === null) {
        if (row) this.#drop(row);
      } else this.#place(before);
    }
    this.#undo = new Map();
  }

  /** Removes every row; it can be undone until the next commit. */
  clear(): void {
    for (const id of Array.from(this.#rows.keys())) this.remove(id);
  }

  /** Inserts a row of a snapshot. */
  restore(row: Row): void {
    this.#set(row);
  }

  /** Applies one change of a log of changes. */
  apply(id: string, row: Row | null): void {
    const before = this.#rows.get(id);
    if (row) this.#place(row);
    else if (before) this.#drop(before);
  }

  #set(row: Row): void {
    this.#remember(row.id, this.#rows.get(row.id) ?? null);
    this.#place(row);
  }

  #remember(id: string, before: Row | null): void {
    if (!this.#undo.has(id)) this.#undo.set(id, before);
  }

  #place(row: Row): void {
    const before = this.#rows.get(row.id);
    if (before) this.#unindex(before);
    this.#rows.set(row.id, row);
    add(this.#lists, `${row.scope}|${row.kind}`, row.id);
    for (const key of indexKeys(row)) add(this.#index, key, row.id);
    const { at_ms, order } = row.value;
    if (row.kind === '_due' && typeof at_ms === 'number')
      this.#timeline.push({ at_ms, order: typeof order === 'number' ? order : 0, id: row.id });
  }

  #drop(row: Row): void {
    this.#unindex(row);
    this.#rows.delete(row.id);
    this.#lists.get(`${row.scope}|${row.kind}`)?.delete(row.id);
  }

  #unindex(row: Row): void {
    for (const key of indexKeys(row)) this.#index.get(key)?.delete(row.id);
  }

  #valuesOf(ids: Iterable<string> | undefined): StoredObject[] {
    return Array.from(ids ?? [], (id) => this.#rows.get(id)?.value).filter((value) => value !== undefined);
  }
}

function indexKeys({ scope, kind, value }: Row): string[] {
  return INDEXED.flatMap((field) => {
    const content = value[field];
    return typeof content === 'string' ? [`${scope}|${kind}|${field}|${content}`] : [];
  });
}

function add(sets: Map<string, Set<string>>, key: string, id: string): void {
  const set = sets.get(key);
  if (set) set.add(id);
  else sets.set(key, new Set([id]));
}
