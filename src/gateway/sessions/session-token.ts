import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { keyId } from '#platform/security/crypto';

/** 0: no session, 1: encrypted cookie, 2: signed token. */
export type SessionBackend = 0 | 1 | 2;

/** The one header that carries the session to the upstream. */
export interface SessionCarrier {
  readonly name: 'authorization' | 'cookie';
  readonly value: string;
}

/** Cookie of backend 1; removed from requests of the caller and responses of the upstream. */
export const upstream_cookie = 'sessionid';

export const token_lifetime_s = 2 * 3600;
/** Maximum time by which the clock of an upstream that signs its own tokens may be ahead. */
const clock_skew_s = 60;

/**
 * Returns the bytes of the header line of `carrySession` for a session whose JSON has `json_bytes`: name, value and
 * line end.
 */
export function carriedBytes(backend: SessionBackend, json_bytes: number): number {
  switch (backend) {
    case 0:
      return 0;
    case 1: {
      // Padded to whole blocks of 16, after the marker and the salt.
      const encrypted = 16 + 16 * (Math.floor(json_bytes / 16) + 1);
      return `Cookie: ${upstream_cookie}=\r\n`.length + 4 * Math.ceil(encrypted / 3);
    }
    case 2: {
      const header = base64urlLength('{"typ":"JWT","alg":"HS256","kid":"01234567"}'.length);
      const payload = base64urlLength(json_bytes + ',"exp":1234567890'.length);
      return 'Authorization: Bearer ..\r\n'.length + header + payload + base64urlLength(32);
    }
  }
}

function base64urlLength(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}

/**
 * Returns the username in a token that is signed with the session key: a forwarded one, or one that the upstream signs.
 * Null if the token is invalid, expired, or valid for longer than a forwarded one.
 */
export async function readSessionToken(token: string, key: string, at: Date): Promise<string | null> {
  try {
    const { payload } = await jwtVerify(token, Buffer.from(key, 'utf8'), {
      algorithms: ['HS256'],
      currentDate: at,
      requiredClaims: ['exp'],
    });
    const { exp = 0, username } = payload;
    const is_brief = exp * 1000 <= at.getTime() + (token_lifetime_s + clock_skew_s) * 1000;
    return is_brief && typeof username === 'string' ? username : null;
  } catch {
    return null;
  }
}

/** Makes the header that carries `session`; null for backend 0. */
export async function carrySession(
  backend: SessionBackend,
  session: object,
  key: string,
  at: Date,
): Promise<SessionCarrier | null> {
  switch (backend) {
    case 0:
      return null;
    case 1:
      return encryptedCookie(JSON.stringify(session), key);
    case 2:
      return { name: 'authorization', value: `Bearer ${await signSession(session, key, at)}` };
  }
}

/** Makes the header of backend 1 for the JSON of a session, with a new salt. */
export function encryptedCookie(json: string, key: string): SessionCarrier {
  return { name: 'cookie', value: `${upstream_cookie}=${encryptSession(json, key)}` };
}

/**
 * Signs a session as an HS256 JWT that expires after two hours. The secret is the UTF-8 text of `key`.
 *
 * `kid` identifies the key without revealing it: an upstream with two keys during a rotation selects by it.
 */
export async function signSession(session: object, key: string, at: Date): Promise<string> {
  const secret = Buffer.from(key, 'utf8');
  const issued_s = Math.floor(at.getTime() / 1000);
  return new SignJWT({ ...session })
    .setProtectedHeader({ typ: 'JWT', alg: 'HS256', kid: keyId(secret) })
    .setExpirationTime(issued_s + token_lifetime_s)
    .sign(secret);
}

/**
 * Encrypts like `openssl enc -aes-256-cbc -md md5 -a`, on one line: for upstreams that read the session from a cookie.
 *
 * Why MD5 and no MAC: compatibility with the decryption of such upstreams. Backend 2 is recommended.
 */
export function encryptSession(json: string, passphrase: string): string {
  const salt = randomBytes(8);
  const { key, iv } = deriveOpenssl(passphrase, salt);
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const body = Buffer.concat([cipher.update(json, 'utf8'), cipher.final()]);
  return Buffer.concat([Buffer.from('Salted__'), salt, body]).toString('base64');
}

/** EVP_BytesToKey of OpenSSL with MD5 and one round: 32 bytes of key, then 16 bytes of IV. */
function deriveOpenssl(passphrase: string, salt: Buffer): { key: Buffer; iv: Buffer } {
  const secret = Buffer.concat([Buffer.from(passphrase, 'utf8'), salt]);
  let digest = Buffer.alloc(0);
  let derived = Buffer.alloc(0);
  while (derived.length < 48) {
    digest = createHash('md5').update(digest).update(secret).digest();
    derived = Buffer.concat([derived, digest]);
  }
  return { key: derived.subarray(0, 32), iv: derived.subarray(32, 48) };
}
