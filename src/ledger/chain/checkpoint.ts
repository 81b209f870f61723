/** A seal of the chain from which on a verification reads. */
export interface Checkpoint {
  seal_id: number;
  /** Hash that the seal had when it was noted, in hexadecimal; null if it was not noted. */
  hash: string | null;
}

/** Parses `12` or `12:` and the 64 hexadecimal digits that a verification printed; null for any other text. */
export function parseCheckpoint(text: string): Checkpoint | null {
  const [, digits, hash] = /^([1-9][0-9]{0,14})(?::([0-9a-f]{64}))?$/.exec(text.trim().toLowerCase()) ?? [];
  return digits === undefined ? null : { seal_id: Number(digits), hash: hash ?? null };
}

/** Writes a seal as `parseCheckpoint` reads it. */
export function checkpointText({ seal_id, hash }: Checkpoint): string {
  return hash === null ? `${seal_id}` : `${seal_id}:${hash}`;
}
