import { closeSync, fstatSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import type { Row, World } from '../engine/index.ts';

type Change = readonly [id: string, row: Row | null];

const COMPACT_BYTES = 50 * 1024 * 1024;

/**
 * The state on disk: one JSON line per unit of work, written before its answer leaves. A killed process loses nothing
 * that was acknowledged; the loss of power may, because lines are not flushed to the disk.
 */
export class StateFile {
  readonly #path: string;
  readonly #world: World;
  #file: number;
  #size: number;

  /** Replays the file into the world, or starts an empty one. An incomplete last line was not acknowledged. */
  constructor(path: string, world: World) {
    this.#path = path;
    this.#world = world;
    for (const line of readLines(path)) {
      const { time_ms, changes } = line;
      world.time_ms = Math.max(world.time_ms, time_ms);
      for (const [id, row] of changes) world.apply(id, row);
    }
    // A cut line at the end would join the next one: the file is written anew from the state.
    this.#file = openSync(path, 'a', 0o600);
    this.#size = fstatSync(this.#file).size;
    if (this.#size > 0) this.#compact();
  }

  append(changes: readonly Change[]): void {
    const line = `${JSON.stringify({ time_ms: this.#world.time_ms, changes })}\n`;
    writeSync(this.#file, line);
    this.#size += line.length;
    if (this.#size > COMPACT_BYTES) this.#compact();
  }

  close(): void {
    closeSync(this.#file);
  }

  #compact(): void {
    const next = `${this.#path}.next`;
    const file = openSync(next, 'w', 0o600);
    for (const row of this.#world.rows())
      writeSync(file, `${JSON.stringify({ time_ms: this.#world.time_ms, changes: [[row.id, row]] })}\n`);
    closeSync(file);
    renameSync(next, this.#path);
    closeSync(this.#file);
    this.#file = openSync(this.#path, 'a', 0o600);
    this.#size = fstatSync(this.#file).size;
  }
}

function readLines(path: string): { time_ms: number; changes: Change[] }[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  const complete = text.slice(0, text.lastIndexOf('\n') + 1);
  return complete
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { time_ms: number; changes: Change[] }); // append wrote it
}
