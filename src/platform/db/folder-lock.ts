import { mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import type sqlite from 'node:sqlite';
import type { DatabaseSync } from 'node:sqlite';

/**
 * Claims a database folder for this process; returns the function that releases it.
 *
 * Why: no server serializes the access of two processes to an embedded database; concurrent writers destroy the files.
 *
 * The lock is the exclusive lock of an SQLite file next to the folder, a lock of the operating system. It ends with its
 * process and is never stale. A file with a process id cannot be taken over safely: two processes that find it stale
 * remove each other's claim.
 * @throws Error that names the process which has locked the folder
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  // The same file for every spelling of the path.
  const real = await realpath(folder);
  const note = `${real}.lock`;
  const lock = claim(`${real}.lockdb`);
  const holder = lock === null ? await holderOf(note) : await olderHolderOf(note);
  if (lock === null || holder !== null) {
    lock?.close();
    throw new Error(
      `the database in ${folder} is in use by process ${holder ?? 'unknown'}; stop it, or give DATABASE_URL to share a server`,
    );
  }
  await writeFile(note, `${process.pid}\n`);
  return async () => {
    await rm(note, { force: true });
    lock.close();
  };
}

/** Returns the open lock file; null when this or another process has the lock. */
function claim(file: string): DatabaseSync | null {
  const lock = new (loadSqlite().DatabaseSync)(file, { timeout: 0 });
  try {
    lock.exec('pragma locking_mode = exclusive; begin exclusive');
    return lock;
  } catch (error) {
    lock.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return null;
    throw error;
  }
}

const SQLITE_BUSY = 5;

/** Loads node:sqlite without its warning that it is experimental: Tollgate stores no data in it. */
function loadSqlite(): typeof sqlite {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** Id of the process that wrote the note; the note is information for operators. */
async function holderOf(note: string): Promise<number | null> {
  const text = await readFile(note, 'utf8').catch(() => '');
  return /^[0-9]+/.test(text) ? Number.parseInt(text, 10) : null;
}

/** Id of a running process of an earlier version, whose only lock was the note; such notes have no line end. */
async function olderHolderOf(note: string): Promise<number | null> {
  const text = await readFile(note, 'utf8').catch(() => '');
  const holder = /^[0-9]+$/.test(text) && !text.endsWith('\n') ? Number(text) : null;
  return holder !== null && holder !== process.pid && isAlive(holder) ? holder : null;
}

function isAlive(process_id: number): boolean {
  try {
    process.kill(process_id, 0);
    return true;
  } catch (error) {
    // The process runs under another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
