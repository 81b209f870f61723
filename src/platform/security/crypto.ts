import {
  createCipheriv,
  createDecipheriv,
  createHash,
  hkdfSync,
  randomBytes,
  randomInt,
  timingSafeEqual,
} from 'node:crypto';

/** Draws a key for links: 40 lower-case hexadecimal characters, 160 bits. */
export function randomKey40(): string {
  return randomBytes(20).toString('hex');
}

/** Draws `byte_count` random bytes as base64url. */
export function randomToken(byte_count: number): string {
  return randomBytes(byte_count).toString('base64url');
}

/** Draws a one-time code of six decimal digits, with leading zeros. */
export function randomCode6(): string {
  return randomInt(0, 1_000_000).toString().padStart(6, '0');
}

/** Draws `length` characters of `alphabet`, each equally likely. */
export function randomText(length: number, alphabet: string): string {
  let text = '';
  for (let index = 0; index < length; index += 1) text += alphabet.charAt(randomInt(alphabet.length));
  return text;
}

/** Hashes a secret of high entropy, for storage and look-up: 64 hexadecimal characters. */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** Compares two texts in a time that depends on neither their contents nor their lengths. */
export function equalConstantTime(a: string, b: string): boolean {
  const digest_of = (text: string) => createHash('sha256').update(text, 'utf8').digest();
  return timingSafeEqual(digest_of(a), digest_of(b));
}

/**
 * Derives a 256-bit key for one purpose from the master key (HKDF-SHA256, RFC 5869).
 *
 * Why: a key that leaks from one use does not open the others.
 */
export function deriveKey(master: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', Buffer.from(master, 'utf8'), 'tollgate', purpose, 32));
}

/** Returns an identifier of a key that does not reveal it; a sealed text contains it. */
export function keyId(key: Buffer): string {
  return createHash('sha256').update('key id').update(key).digest('hex').slice(0, 8);
}

const seal_version = 'v1';
const iv_bytes = 12;
const tag_bytes = 16;

/**
 * Encrypts a short secret with AES-256-GCM as `v1.<key id>.<iv, ciphertext and tag in base64url>`.
 *
 * `bound_to` names the row that the secret belongs to: a sealed text copied to another row does not open.
 */
export function seal(plain: string, key: Buffer, bound_to = ''): string {
  const iv = randomBytes(iv_bytes);
  const header = `${seal_version}.${keyId(key)}`;
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(Buffer.from(`${header}.${bound_to}`, 'utf8'));
  const body = Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${header}.${body.toString('base64url')}`;
}

/**
 * Decrypts a text that `seal` returned, with `key` or with one of several keys during a rotation.
 *
 * @throws Error when no key fits or the text was altered: a fault of the configuration or the database, never of the
 * caller
 */
export function open(sealed: string, key: Buffer | readonly Buffer[], bound_to = ''): string {
  const [version, key_id, text] = sealed.split('.');
  if (version !== seal_version || key_id === undefined || text === undefined) {
    throw new Error('This is not a sealed text.');
  }
  const keys = Buffer.isBuffer(key) ? [key] : key;
  const fitting = keys.find((candidate) => keyId(candidate) === key_id);
  if (fitting === undefined) throw new Error(`No key with the id ${key_id} is configured.`);

  const body = Buffer.from(text, 'base64url');
  if (body.length < iv_bytes + tag_bytes) throw new Error('This sealed text is cut short.');
  const decipher = createDecipheriv('aes-256-gcm', fitting, body.subarray(0, iv_bytes), { authTagLength: tag_bytes });
  decipher.setAAD(Buffer.from(`${seal_version}.${key_id}.${bound_to}`, 'utf8'));
  decipher.setAuthTag(body.subarray(body.length - tag_bytes));
  const plain = Buffer.concat([decipher.update(body.subarray(iv_bytes, body.length - tag_bytes)), decipher.final()]);
  return plain.toString('utf8');
}
