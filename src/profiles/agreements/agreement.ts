import type { AgreementId } from '#platform/db/db-schema';

/** A text that users agree to; the words themselves are a template of the theme, named after the slug. */
export interface Agreement {
  id: AgreementId;
  slug: string;
  title: string;
  /** Moving it forward asks everybody to sign again. */
  updated_at: Date;
}

/** The agreement without which guarded routes refuse. */
export const TERMS_OF_USE = 'terms-of-use';
