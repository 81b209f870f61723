import { LRUCache } from 'lru-cache';
import { sizeOf } from './size-of.ts';
import { EVERYTHING, type Tag } from './tag.ts';

export interface CacheLimits {
  entries_max: number;
  /** Estimate by `sizeOf`. */
  bytes_max: number;
  /** A larger entry is not stored. */
  entry_bytes_max: number;
}

export const cache_limits: CacheLimits = {
  entries_max: 60_000,
  bytes_max: 32 * 1024 * 1024,
  entry_bytes_max: 256 * 1024,
};

interface Entry {
  readonly value: object;
  readonly tags: readonly Tag[];
}

/** Estimated memory of an entry without its value: key, list links, tag index. */
const ENTRY_BYTES = 300;
const TAG_BYTES = 120;
/** Maximum number of tags that are remembered as changed while loads run. */
const CHANGED_MAX = 10_000;

/** A load that runs. What changed since its begin is not stored. */
export interface LoadMark {
  readonly change_count: number;
  readonly epoch: number;
}

/** Values by key, the least recently used ones removed first. A change removes every value with its tag. */
export class FactCache {
  readonly #entries: LRUCache<string, Entry>;
  /** Keys by tag. Most tags have one key: a set for each would take more memory than the values. */
  readonly #keys = new Map<string, string | Set<string>>();
  /** Number of the last change of each tag that changed while a load ran. */
  readonly #changed = new Map<string, number>();
  #loads_count = 0;
  #change_count = 0;
  /** Loads that began before this change are not stored. */
  #oldest_known = 0;
  #epoch = 0;

  constructor({ entries_max, bytes_max, entry_bytes_max }: CacheLimits = cache_limits) {
    this.#entries = new LRUCache({
      max: entries_max,
      maxSize: bytes_max,
      maxEntrySize: entry_bytes_max,
      dispose: ({ tags }, key) => this.#removeTags(key, tags),
    });
  }

  get entries_count(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#entries.calculatedSize;
  }

  /** Number of changes so far. A load that began at another number may be older than a change. */
  get change_count(): number {
    return this.#change_count;
  }

  get(key: string): object | undefined {
    return this.#entries.get(key)?.value;
  }

  /** Removes every value that depends on one of the tags. */
  apply(tags: readonly string[]): void {
    if (tags.length === 0) return;
    if (tags.includes(EVERYTHING)) return this.clear();
    this.#change_count += 1;
    for (const tag of tags) {
      const keys = this.#keys.get(tag);
      if (typeof keys === 'string') this.#entries.delete(keys);
      else if (keys) for (const key of keys) this.#entries.delete(key);
    }
    if (this.#loads_count === 0) return;
    for (const tag of tags) this.#changed.set(tag, this.#change_count);
    if (this.#changed.size <= CHANGED_MAX) return;
    this.#changed.clear();
    this.#oldest_known = this.#change_count;
  }

  clear(): void {
    this.#change_count += 1;
    this.#epoch += 1;
    this.#entries.clear();
    this.#keys.clear();
  }

  /** Must be called before the first statement of a load, and `endLoad` after its last one. */
  beginLoad(): LoadMark {
    this.#loads_count += 1;
    return { change_count: this.#change_count, epoch: this.#epoch };
  }

  endLoad(): void {
    this.#loads_count -= 1;
    if (this.#loads_count === 0) this.#changed.clear();
  }

  /** Stores a value unless one of its tags changed since the load began. Must be called before `endLoad`. */
  store(key: string, value: object, tags: readonly Tag[], { change_count, epoch }: LoadMark): void {
    if (epoch !== this.#epoch || change_count < this.#oldest_known) return;
    if (tags.some((each) => (this.#changed.get(each) ?? 0) > change_count)) return;
    const size = ENTRY_BYTES + TAG_BYTES * tags.length + sizeOf(value);
    this.#entries.delete(key);
    this.#entries.set(key, { value, tags }, { size });
    // A value above the limit of an entry is not stored.
    if (this.#entries.peek(key) !== undefined) this.#addTags(key, tags);
  }

  #addTags(key: string, tags: readonly Tag[]): void {
    for (const each of tags) {
      const keys = this.#keys.get(each);
      if (keys === undefined) this.#keys.set(each, key);
      else if (typeof keys !== 'string') keys.add(key);
      else if (keys !== key) this.#keys.set(each, new Set([keys, key]));
    }
  }

  #removeTags(key: string, tags: readonly Tag[]): void {
    for (const each of tags) {
      const keys = this.#keys.get(each);
      if (keys === key) this.#keys.delete(each);
      else if (keys !== undefined && typeof keys !== 'string') {
        keys.delete(key);
        if (keys.size === 0) this.#keys.delete(each);
      }
    }
  }
}
