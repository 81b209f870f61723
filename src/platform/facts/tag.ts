/** Kinds of changes that the triggers of migrations 0057 and 0061 write, with their subjects. */
export type ChangeKind =
  /** Id of the session. */
  | 'session'
  /** Id of the API key. */
  | 'api-key'
  /** Id of the user: the account and its second factor. */
  | 'user'
  /** Username: a user received it. */
  | 'username'
  /** Id of the user who holds, is offered or requests the roles. */
  | 'roles'
  /** Id of the role type. */
  | 'role-type'
  /** Id of the profile. */
  | 'profile'
  /** Slug of the agreement. */
  | 'agreement'
  /** Id of the user who signed. */
  | 'signatures'
  /** Id of the subscribing profile. */
  | 'subscriptions'
  /** Id of the plan. */
  | 'plan'
  /** Slug of the contact. */
  | 'contact'
  /** Kind and id of the ledger's subject whose amount due changed: `sub:12`. */
  | 'owing'
  /** Id of the payer who has a new or a closed dunning case: written by `noteChange`. */
  | 'past-due'
  /** No subject: one site per deployment. */
  | 'site'
  /** No subject. */
  | 'rules';

declare const tagged: unique symbol;

/** Names what a cached value depends on. A change of the same kind and subject removes the value. */
export type Tag = string & { readonly [tagged]: true };

/** Tag of a change that removes every value. */
export const EVERYTHING = 'all:';

/** Makes the tag of a kind and a subject; kinds without subjects take none. */
export function tag(kind: ChangeKind, subject: string | number = ''): Tag {
  return `${kind}:${subject}` as Tag; // every tag is made here or comes from a change row of the same form
}
