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
  /** Secrets to generate: the key of a link, a code of six digits, or both. */
  sends: 'key' | 'code' | 'both';
  reason?: string | null;
  /** Lifetime of the key. A code is valid for ten minutes. */
  lifetime_s: number;
}

/** The secrets to send. They are the only copies; the table stores hashes. */
export interface PreparedVerification {
  key: string | null;
  code: string | null;
}

/** Generates the key or code that proves an address and stores its hash. The caller emits the event that sends it. */
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
