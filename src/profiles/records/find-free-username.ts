import { randomInt } from 'node:crypto';
import { invalidInput } from '#kernel/problem';
import { isNameFree, proposeUsernames } from '#accounts';
import type { Reader } from '#platform/db/database';

const ATTEMPTS_MAX = 10;

/** Finds a free username derived from the local part of an e-mail address. @throws invalid_input (400) */
export async function findFreeUsername(reader: Reader, email: string | null, at: Date): Promise<string> {
  let attempt = 0;
  for (const username of proposeUsernames(email, () => randomInt(1000).toString().padStart(3, '0'))) {
    if (await isNameFree(reader, username, at)) return username;
    attempt += 1;
    if (attempt >= ATTEMPTS_MAX) break;
  }
  throw invalidInput({ username: ['Choose a username.'] });
}
