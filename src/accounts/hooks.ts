import type { Reader, Tx } from '#platform/db/database';
import type { UserId } from '#platform/db/db-schema';
import type { Site } from '#platform/site';
import type { AccountsSettings } from './settings.ts';
import type { UserDetail } from './schemas.ts';
import type { User } from './identity/index.ts';

/** What this room asks of rooms above it; src/app.ts brings the answers. */
export interface AccountsHooks {
  /** Says whether a user manages the site: they may sign in while it is closed to others. */
  isOperator(reader: Reader, site: Site, user_id: UserId, at: Date): Promise<boolean>;

  /**
   * A user is being renamed, in this transaction. The new name is claimed for the user already; whatever else bears
   * the old name (the personal profile) must follow, or throw to stop it all.
   */
  onRename(tx: Tx, change: { user_id: UserId; from: string; to: string }, at: Date): Promise<void>;

  /**
   * The owner of a user's address proves it for the first time, in this transaction. Removes from the personal profile
   * what a person who only typed the address may have left there. `by_session`: the proof was presented in a session of
   * the user, so that it is the same person.
   */
  onFirstProof(tx: Tx, change: { user: User; by_session: boolean }, at: Date): Promise<void>;

  /**
   * A user has verified an e-mail address, the first one or a changed one, in this transaction. Attaches to the user what
   * was granted to the owner of that address before.
   */
  onEmailVerified(tx: Tx, user: User, at: Date): Promise<void>;

  /**
   * A user is being archived, in this transaction: roles, signatures and the personal profile must go with them.
   * Throws to stop it: for the last manager of the site.
   */
  onArchive(tx: Tx, change: { user: User; site: Site; originated_by: UserId | null }, at: Date): Promise<void>;
}

/** What the routes and pages of this room are given. */
export interface AccountsDeps {
  settings: AccountsSettings;
  hooks: AccountsHooks;
  /** Finds somebody on record who has no login yet, by the slug of the contact. Without it there is nobody. */
  findLead?: (reader: Reader, slug: string) => Promise<UserDetail | null>;
}
