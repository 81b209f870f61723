import { errors, jwtVerify, SignJWT, type JWTPayload } from 'jose';
import type { SessionId, UserId } from '#platform/db/db-schema';

/** What a token proves: that we issued it, for this user's session, and that it has not expired. Not that the session still stands. */
export interface TokenClaims {
  session_id: SessionId;
  user_id: UserId;
  expires_at: Date;
}

export interface TokenSigner {
  sign(claims: TokenClaims & { issued_at: Date; shown: Record<string, unknown> }): Promise<string>;
  /** The claims of a token of ours that is valid at the instant, or null for anything else. */
  verify(token: string, at: Date): Promise<TokenClaims | null>;
}

const algorithm = 'HS256';
const audience = 'tollgate';
const token_length_max = 4096;
const remembered_max = 5000;

/**
 * Makes the signer of tokens (JWT, HS256) over a key of its own.
 *
 * `shown` are claims for clients to read; nothing here relies on them: a session's user is looked up each time.
 * A token that was verified once is remembered, since a signature does not change its mind; its expiry is looked at
 * each time.
 */
export function makeTokenSigner({ key, key_id }: { key: Buffer; key_id: string }): TokenSigner {
  const imported = crypto.subtle.importKey('raw', new Uint8Array(key), { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
    'verify',
  ]);
  const remembered = new Map<string, TokenClaims>();

  function remember(token: string, claims: TokenClaims): void {
    if (remembered.size >= remembered_max) {
      const [oldest] = remembered.keys();
      if (oldest !== undefined) remembered.delete(oldest);
    }
    remembered.set(token, claims);
  }

  return {
    async sign({ session_id, user_id, expires_at, issued_at, shown }) {
      return new SignJWT({ ...shown })
        .setProtectedHeader({ alg: algorithm, typ: 'JWT', kid: key_id })
        .setSubject(String(user_id))
        .setAudience(audience)
        .setIssuedAt(seconds(issued_at))
        .setExpirationTime(seconds(expires_at))
        .setJti(session_id)
        .sign(await imported);
    },

    async verify(token, at) {
      if (token.length > token_length_max) return null;
      const known = remembered.get(token);
      if (known) return at < known.expires_at ? known : null;
      try {
        const { payload, protectedHeader } = await jwtVerify(token, await imported, {
          algorithms: [algorithm],
          audience,
          requiredClaims: ['exp', 'jti', 'sub', 'iat'],
          currentDate: at,
        });
        if (protectedHeader.kid !== key_id) return null;
        const claims = parseClaims(payload);
        if (claims) remember(token, claims);
        return claims;
      } catch (error) {
        if (error instanceof errors.JOSEError) return null;
        throw error;
      }
    },
  };
}

function parseClaims({ jti, sub, exp }: JWTPayload): TokenClaims | null {
  if (jti === undefined || sub === undefined || exp === undefined || !/^[0-9]{1,15}$/.test(sub)) return null;
  return {
    session_id: jti as SessionId, // signed by us: only a session's id is ever set
    user_id: Number(sub) as UserId, // the same
    expires_at: new Date(exp * 1000),
  };
}

function seconds(instant: Date): number {
  return Math.floor(instant.getTime() / 1000);
}
