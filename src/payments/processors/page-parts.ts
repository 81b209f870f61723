import type { Account } from './account.ts';

/** Parts of a page with a card form that depend on the processor. */
export interface PageParts {
  /** Addresses of the scripts that the page loads, in order. */
  scripts: readonly string[];
  /** Origins that the Content-Security-Policy of the page allows, by directive. */
  csp_origins: Readonly<
    Record<'script-src' | 'frame-src' | 'connect-src' | 'img-src' | 'form-action', readonly string[]>
  >;
  /** Fields of the card form that are sent to Tollgate; empty if the card is entered into the processor's own frame. */
  form_fields: readonly string[];
}

/** What the script of a processor needs to draw its card form, which the browser never sends to Tollgate. */
export interface CardElement {
  script_url: string;
  publishable_key: string;
  /** Account on which the card is used; empty for the broker's own. */
  account: Account;
  /** Smallest unit of the currency at the processor; null for a card that is kept and not charged. */
  amount: number | null;
  unit: string;
}
