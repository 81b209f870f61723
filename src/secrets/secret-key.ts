import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config.ts';

/**
 * Returns the master key: the configured one, or the one in `secret.key` of DATA_FOLDER.
 * Creates that file at the first start, readable by its owner only (mode 0600).
 */
export async function loadSecretKey(config: Pick<Config, 'secret_key' | 'data_folder'>): Promise<string> {
  if (config.secret_key !== null) return config.secret_key;
  await mkdir(config.data_folder, { recursive: true });
  const path = join(config.data_folder, 'secret.key');
  const stored = await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  });
  if (stored !== null) return stored.trim();
  const key = randomBytes(48).toString('base64url');
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(`${key}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  return key;
}
