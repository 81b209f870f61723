import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { defineProblems } from '#kernel/problem';
import { boundedPool, type BoundedPool } from './bounded-pool.ts';

/** Units: memory_kib in KiB. The second choice of OWASP's password storage sheet: 19 MiB, two passes. */
interface Cost {
  memory_kib: number;
  passes: number;
  parallelism: number;
}

interface StoredPassword extends Cost {
  salt: Buffer;
  tag: Buffer;
}

export interface PasswordVerdict {
  matches: boolean;
  /** True if the password matches a hash of other costs than the current ones: the caller stores a new hash. */
  is_outdated: boolean;
}

export const passwordProblems = defineProblems({
  busy: { status: 503, title: 'Too many sign-ins are in progress.', help: 'Try again in a few seconds.' },
});

let current: Cost = { memory_kib: 19_456, passes: 2, parallelism: 1 };
const salt_bytes = 16;
const tag_bytes = 32;
const queue_seconds_max = 5;
const hashes_per_second = 20;

/** Makes the pool of password hashes. It refuses with 503 and Retry-After when `queue_max` calls wait. */
export function passwordPool(concurrency: number, queue_max: number): BoundedPool {
  return boundedPool({
    concurrency,
    queue_max,
    refuse: () => passwordProblems.busy({ retry_after_s: queue_seconds_max }),
  });
}

/**
 * One pool per process: it protects Node's four worker threads, which files, name look-ups and compression share. One
 * core and one thread stay free. The queue holds the work of about five seconds.
 */
const concurrency = Math.max(1, Math.min(availableParallelism() - 1, 3));
const pool = passwordPool(concurrency, concurrency * hashes_per_second * queue_seconds_max);

/**
 * Sets the memory of new hashes, in KiB. Hashes of another memory are outdated.
 *
 * Called once, before the first request: by the program with PASSWORD_MEMORY_KIB, by tests with little memory.
 */
export function usePasswordMemory(memory_kib: number): void {
  current = { ...current, memory_kib };
}

/**
 * Hashes a password with Argon2id into a PHC string.
 *
 * @throws busy (503) when too many hashes wait
 */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(salt_bytes);
  const tag = await pool.run(() => derive(password, { ...current, salt }));
  return formatPhc({ ...current, salt, tag });
}

/**
 * Verifies a password against a stored hash.
 *
 * Computes one hash in every case, also without a stored one (`stored` null: an unknown user, or one without a
 * password), so that the response time reveals nothing.
 * @throws busy (503) when too many hashes wait
 */
export async function verifyPassword(stored: string | null, password: string): Promise<PasswordVerdict> {
  const expected = stored === null ? null : parsePhc(stored);
  const { salt, tag, ...cost } = expected ?? { ...decoy, ...current };
  const computed = await pool.run(() => derive(password, { ...cost, salt, tag_bytes: tag.length }));
  const matches = timingSafeEqual(computed, tag) && expected !== null;
  return { matches, is_outdated: matches && !isSameCost(cost, current) };
}

const decoy = { salt: randomBytes(salt_bytes), tag: randomBytes(tag_bytes) };

function isSameCost(a: Cost, b: Cost): boolean {
  return a.memory_kib === b.memory_kib && a.passes === b.passes && a.parallelism === b.parallelism;
}

function derive(password: string, options: Cost & { salt: Buffer; tag_bytes?: number }): Promise<Buffer> {
  const parameters = {
    // The same characters may be typed composed or decomposed, depending on the keyboard (NIST SP 800-63B §3.1.1.2).
    message: password.normalize('NFKC'),
    nonce: options.salt,
    memory: options.memory_kib,
    passes: options.passes,
    parallelism: options.parallelism,
    tagLength: options.tag_bytes ?? tag_bytes,
  };
  return new Promise((resolve, reject) => {
    argon2('argon2id', parameters, (error, tag) => {
      if (error) reject(error);
      else resolve(tag);
    });
  });
}

/** @see https://github.com/P-H-C/phc-string-format */
function formatPhc({ memory_kib, passes, parallelism, salt, tag }: StoredPassword): string {
  const base64 = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');
  return `$argon2id$v=19$m=${memory_kib},t=${passes},p=${parallelism}$${base64(salt)}$${base64(tag)}`;
}

const phc_shape =
  /^\$argon2id\$v=19\$m=(?<m>\d{1,7}),t=(?<t>\d{1,2}),p=(?<p>\d{1,2})\$(?<salt>[A-Za-z0-9+/]{11,86})\$(?<tag>[A-Za-z0-9+/]{22,86})$/;

function parsePhc(text: string): StoredPassword {
  const parts = phc_shape.exec(text)?.groups;
  if (!parts) throw new Error('A stored password is not an Argon2id PHC string.');
  return {
    memory_kib: Number(parts.m),
    passes: Number(parts.t),
    parallelism: Number(parts.p),
    salt: Buffer.from(parts.salt ?? '', 'base64'),
    tag: Buffer.from(parts.tag ?? '', 'base64'),
  };
}
