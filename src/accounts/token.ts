import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { errors, jwtVerify, SignJWT, type JWTPayload } from 'jose';
import type { SessionId, UserId } from '#platform/db/db-schema';

/** Claims of a token with a valid signature that has not expired. The session may have ended since. */
export interface TokenClaims {
  session_id: SessionId;
  user_id: UserId;
  expires_at: Date;
}

export interface TokenSigner {
  sign(claims: TokenClaims & { issued_at: Date; shown: Record<string, unknown> }): Promise<string>;
  /** Returns the claims of a token that this signer issued and that is valid at the instant, else null. */
  verify(token: string, at: Date): Promise<TokenClaims | null>;
  /** The same for a token that was verified before; undefined for one that is not in memory. */
  peek(token: string, at: Date): TokenClaims | null | undefined;
}

const algorithm = 'HS256';
const audience = 'tollgate';
const token_length_max = 4096;
const cached_max = 20_000;

/**
 * Makes the signer of tokens (JWT, HS256) with one key.
 *
 * `shown` are additional claims for clients; verification ignores them. The claims of verified tokens are kept by the
 * hash of the token: a signature is verified once. Invalid tokens are not kept. The expiry is checked each time.
 */
export function makeTokenSigner({ key, key_id }: { key: Buffer; key_id: string }): TokenSigner {
  const imported = crypto.subtle.importKey('raw', new Uint8Array(key), { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
    'verify',
  ]);
  const verified = new LRUCache<string, TokenClaims>({ max: cached_max });

  function peek(token: string, at: Date): TokenClaims | null | undefined {
    if (token.length > token_length_max) return null;
    const claims = verified.get(hashOf(token));
    return claims && (at < claims.expires_at ? claims : null);
  }

  return {
    async sign({ session_id, user_id, expires_at, issued_at, shown }) {
      return new SignJWT({ ...shown })
        .setProtectedHeader({ alg: algorithm, typ: 'JWT', kid: key_id })
        .setSubject(String(user_id))
        .setAudience(audience)
        .setIssuedAt(toSeconds(issued_at))
        .setExpirationTime(toSeconds(expires_at))
        .setJti(session_id)
        .sign(await imported);
    },

    peek,

    async verify(token, at) {
      const known = peek(token, at);
      if (known !== undefined) return known;
      try {
        const { payload, protectedHeader } = await jwtVerify(token, await imported, {
          algorithms: [algorithm],
          audience,
          requiredClaims: ['exp', 'jti', 'sub', 'iat'],
          currentDate: at,
        });
        if (protectedHeader.kid !== key_id) return null;
        const claims = parseClaims(payload);
        if (claims) verified.set(hashOf(token), claims);
        return claims;
      } catch (error) {
        if (error instanceof errors.JOSEError) return null;
        throw error;
      }
    },
  };
}

function hashOf(token: string): string {
  return hash('sha256', token, 'base64');
}

function parseClaims({ jti, sub, exp }: JWTPayload): TokenClaims | null {
  if (jti === undefined || sub === undefined || exp === undefined || !/^[0-9]{1,15}$/.test(sub)) return null;
  return {
    session_id: jti as SessionId, // the signature is verified: only ids of sessions are signed
    user_id: Number(sub) as UserId, // the signature is verified: only ids of users are signed
    expires_at: new Date(exp * 1000),
  };
}

function toSeconds(instant: Date): number {
  return Math.floor(instant.getTime() / 1000);
}
