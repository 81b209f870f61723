import type { Clock } from '../../clock.ts';
import type { Reader } from '../../db/database.ts';
import type { ProfileId, UserId } from '../../db/db-schema.ts';
import type { Site } from '../../site.ts';
import type { Actor } from '../../context.ts';

/**
 * Who may call a route, declared as data on the route itself (`config.access`).
 *
 * `profile`-shaped kinds look at the `:profile` parameter, `self` kinds at `:user`; `param` names another one.
 * `frictionless` leaves out the demand for a password and signed terms.
 * @see spec/identity.md 3.4
 */
export type Access =
  | { readonly kind: 'public' }
  | { readonly kind: 'authenticated' }
  | { readonly kind: 'active' }
  | { readonly kind: 'broker' }
  | { readonly kind: 'direct'; readonly frictionless?: boolean; readonly param?: string }
  | { readonly kind: 'provider'; readonly frictionless?: boolean; readonly param?: string }
  | { readonly kind: 'provider-only'; readonly param?: string }
  | { readonly kind: 'self'; readonly frictionless?: boolean; readonly param?: string }
  | { readonly kind: 'self-only'; readonly param?: string };

/** What the guard looked up on the way, for the handler to go on with. */
export interface Subject {
  profile_id: ProfileId | null;
  user_id: UserId | null;
  /** How the caller stands to the profile or user of the path. */
  relation: 'none' | 'self' | 'direct' | 'provider' | 'broker';
  /** True when the caller may write, not only read. */
  is_manager: boolean;
  /** Providers on whose behalf the caller acts when `relation` is provider. */
  provider_ids?: readonly ProfileId[];
}

/**
 * Returns the providers whose rows the caller may see of the profile in the path; null when the caller sees all of them.
 *
 * Every list and record of a route of kind `provider` is narrowed by it: two providers of one subscriber see nothing of
 * each other. Empty, and therefore nothing, when the guard named no provider.
 */
export function sellersSeenBy(subject: Pick<Subject, 'relation' | 'provider_ids'>): readonly ProfileId[] | null {
  return subject.relation === 'provider' ? (subject.provider_ids ?? []) : null;
}

export type AccessDecision =
  | { readonly allowed: true; readonly subject: Subject }
  | {
      readonly allowed: false;
      readonly status: 401 | 402 | 403 | 404;
      readonly code: string;
      readonly detail: string;
      /** Same-site path of the page that mends it, for browsers; `next` is appended by the platform. */
      readonly location?: string;
    };

export interface AccessQuestion {
  readonly access: Access;
  readonly actor: Actor;
  readonly site: Site;
  readonly params: Readonly<Record<string, string | undefined>>;
  /** Upper case; HEAD counts as GET. */
  readonly method: string;
}

/** Answered by the profiles room; handed to the platform by src/app.ts. */
export type DecideAccess = (reader: Reader, clock: Clock, question: AccessQuestion) => Promise<AccessDecision>;

export const noSubject: Subject = { profile_id: null, user_id: null, relation: 'none', is_manager: false };
