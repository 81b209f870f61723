import type { ClaimedRow } from './lease-store.ts';

/** Handles leased rows of one kind, up to a limit. Rows that it took and cannot start are released. */
export interface Lane {
  /** Number of rows that it takes now. */
  room(): number;
  /** Starts to handle rows. */
  take(rows: readonly ClaimedRow[]): void;
  /** True until the outcomes of its rows are saved. */
  isBusy(): boolean;
  /** Resolves when no row waits or is under way and the outcomes are saved. */
  untilIdle(): Promise<void>;
  /** Starts no further row until `resume`. */
  halt(): void;
  resume(): void;
}

export interface LaneOptions {
  /** Makes rows due again that were not started. */
  release(rows: readonly ClaimedRow[]): Promise<void>;
  /** Saves the outcomes of the rows that were handled. */
  flush(): Promise<void>;
  /** Called when the lane takes rows again. */
  onRoom(): void;
  onError(error: unknown): void;
}
