import type { AgreementId } from '#platform/db/db-schema';

/** A text that users sign. The text itself is a template of the theme, named after the slug. */
export interface Agreement {
  id: AgreementId;
  slug: string;
  title: string;
  /** Version of the text: signatures before this instant are invalid. */
  updated_at: Date;
}

/** Slug of the agreement that guarded routes require. */
export const TERMS_OF_USE = 'terms-of-use';
