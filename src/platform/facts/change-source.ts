/** Where the follower reads apart from the writes of this process. */
export interface ChangeSource {
  start(): void;
  /** Reads the changes as soon as possible. */
  pollSoon(): void;
  notify(): void;
  close(): void;
}
