import { randomCode6, randomKey40, sha256Hex } from '#platform/security/crypto';
import type { Tx } from '#platform/db/database';
import type { UserId } from '#platform/db/db-schema';
import { code_lifetime_s, type Verification } from './verification.ts';
import { hashCode, insertVerification, voidCodes } from './verification-store.ts';

export interface VerificationRequest {
  user_id: UserId | null;
  channel: Verification['channel'];
  address: string;
  purpose: Verification['purpose'];
  /** What to send: the key of a link, a code of six digits, or both. */
  sends: 'key' | 'code' | 'both';
  reason?: string | null;
  /** How long the key works; a code always works for ten minutes. */
  lifetime_s: number;
}

/** What is sent. It is nowhere else: the table holds hashes. */
export interface PreparedVerification {
  key: string | null;
  code: string | null;
}

/** Draws the key or code that proves an address and stores its hash. The caller tells whoever sends it. */
export async function prepareVerification(
  tx: Tx,
  request: VerificationRequest,
  at: Date,
): Promise<PreparedVerification> {
  const address = request.channel === 'email' ? request.address.toLowerCase() : request.address;
  const key = request.sends === 'code' ? null : randomKey40();
  const code = request.sends === 'key' ? null : randomCode6();
  if (code !== null) await voidCodes(tx, { ...request, address });

  const after = (seconds: number) => new Date(at.getTime() + seconds * 1000);
  await insertVerification(tx, {
    user_id: request.user_id,
    channel: request.channel,
    address,
    purpose: request.purpose,
    reason: request.reason ?? null,
    key_hash: key === null ? null : sha256Hex(key),
    code_hash: code === null ? null : hashCode(address, code),
    created_at: at,
    expires_at: after(key === null ? code_lifetime_s : request.lifetime_s),
    code_expires_at: code === null ? null : after(code_lifetime_s),
  });
  return { key, code };
}
