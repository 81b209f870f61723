import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Lists the files under `folder` whose name ends with `suffix`, sorted, relative to the working directory. */
export async function sources(folder: string, suffix = '.ts'): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(suffix))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes('node_modules'))
    .sort();
}
