import type { Clock } from '../../clock.ts';
import type { Reader } from '../../db/database.ts';
import type { ProfileId, UserId } from '../../db/db-schema.ts';
import type { Site } from '../../site.ts';
import type { Actor } from '../../context.ts';

/**
 * Callers that a route admits, declared as data on the route (`config.access`).
 *
 * `direct` and `provider` kinds read the `:profile` parameter, `self` kinds `:user`; `param` names another parameter.
 * `frictionless` admits users without a password or signed terms. `manages` requires the right to write for GET too:
 * for pages that are a form or a confirmation, which a caller who may only read could not submit.
 * @see docs/spec/identity.md 3.4
 */
export type Access =
  | { readonly kind: 'public' }
  | { readonly kind: 'authenticated' }
  | { readonly kind: 'active' }
  | { readonly kind: 'broker'; readonly manages?: boolean }
  | {
      readonly kind: 'direct';
      readonly frictionless?: boolean;
      readonly manages?: boolean;
      readonly param?: string;
    }
  | { readonly kind: 'provider'; readonly frictionless?: boolean; readonly param?: string }
  | { readonly kind: 'provider-only'; readonly param?: string }
  | { readonly kind: 'self'; readonly frictionless?: boolean; readonly param?: string }
  | { readonly kind: 'self-only'; readonly param?: string };

/** Facts that the guard loaded, for the handler. */
export interface Subject {
  profile_id: ProfileId | null;
  user_id: UserId | null;
  /** Relation of the caller to the profile or user of the path. */
  relation: 'none' | 'self' | 'direct' | 'provider' | 'broker';
  /** True if the caller may write. */
  is_manager: boolean;
  /** Providers on whose behalf the caller acts when `relation` is provider. */
  provider_ids?: readonly ProfileId[];
}

/**
 * Returns the providers whose rows the caller may see of the profile in the path; null when the caller sees all of
 * them.
 *
 * Every list and record of a route of kind `provider` is restricted by it, so that a provider sees no rows of another
 * provider of the same subscriber. Empty, which means no rows, when the guard found no provider.
 */
export function sellersSeenBy(subject: Pick<Subject, 'relation' | 'provider_ids'>): readonly ProfileId[] | null {
  return subject.relation === 'provider' ? (subject.provider_ids ?? []) : null;
}

/** True if the caller manages the profile itself, and does not act as its provider or as the broker. */
export function isOwnManager({ relation, is_manager }: Pick<Subject, 'relation' | 'is_manager'>): boolean {
  return is_manager && (relation === 'direct' || relation === 'self');
}

export type AccessDecision =
  | { readonly allowed: true; readonly subject: Subject }
  | {
      readonly allowed: false;
      readonly status: 401 | 402 | 403 | 404;
      readonly code: string;
      readonly detail: string;
      /** Same-site path of the page that resolves the refusal; the platform appends `next`. */
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

/** Decides access; implemented by the profiles room, injected by src/app.ts. */
export type DecideAccess = (reader: Reader, clock: Clock, question: AccessQuestion) => Promise<AccessDecision>;

export const noSubject: Subject = { profile_id: null, user_id: null, relation: 'none', is_manager: false };
