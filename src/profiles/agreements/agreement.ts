import type { AgreementId, UserId } from '#platform/db-schema';

/** A text that users agree to; the words themselves are a template of the theme, named after the slug. */
export interface Agreement {
  id: AgreementId;
  slug: string;
  title: string;
  /** Moving it forward asks everybody to sign again. */
  updated_at: Date;
}

export interface Signature {
  agreement_id: AgreementId;
  user_id: UserId;
  last_signed: Date;
}

/** The agreement without which guarded routes refuse. */
export const TERMS_OF_USE = 'terms-of-use';

/** Says whether a signature covers an agreement as it stands. */
export function holds(signature: Pick<Signature, 'last_signed'> | undefined, agreement: Pick<Agreement, 'updated_at'>): boolean {
  return signature !== undefined && signature.last_signed >= agreement.updated_at;
}
