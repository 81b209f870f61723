import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';

/** Files that this process made: in a container it may well have the number of the one that was killed before it. */
const held = new Set<string>();

/**
 * Claims a database folder for this process; answers how to give it back.
 *
 * Why: an embedded database has no server that could tell two processes apart, and two that write the same files destroy them.
 * @throws Error naming the process that holds the folder
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const file = `${folder.replace(/\/+$/, '')}.lock`;
  if (!(await claim(file))) {
    const holder = Number(await readFile(file, 'utf8').catch(() => ''));
    if (holder === process.pid ? held.has(file) : isAlive(holder)) {
      throw new Error(
        `the database in ${folder} is in use by process ${holder}; stop it, or give DATABASE_URL to share a server`,
      );
    }
    // Left by a process that was killed.
    await rm(file, { force: true });
    if (!(await claim(file))) throw new Error(`the database in ${folder} was just taken by another process`);
  }
  held.add(file);
  return async () => {
    held.delete(file);
    await rm(file, { force: true });
  };
}

async function claim(file: string): Promise<boolean> {
  try {
    await writeFile(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function isAlive(process_id: number): boolean {
  if (!Number.isSafeInteger(process_id) || process_id <= 0) return false;
  try {
    process.kill(process_id, 0);
    return true;
  } catch (error) {
    // It is there, but somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
