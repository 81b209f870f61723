import type { Money } from '#kernel/money';
import type { Reader, Tx } from '#platform/db/database';
import type { UserId } from '#platform/db/db-schema';
import type { FindChosenOffer } from '#platform/pages/chosen-offer';
import type { Site } from '#platform/site';
import type { AccountsSettings } from './settings.ts';
import type { UserDetail } from './schemas.ts';
import type { User } from './identity/index.ts';

/** Functions that rooms above implement and src/app.ts passes in. */
export interface AccountsHooks {
  /** True if the user manages the site and may therefore sign in while sign-in is disabled. */
  isOperator(reader: Reader, site: Site, user_id: UserId, at: Date): Promise<boolean>;

  /**
   * Renames the personal profile in the transaction that renames the user. The new name is already claimed for the
   * user. A thrown error rolls the rename back.
   */
  onRename(tx: Tx, change: { user_id: UserId; from: string; to: string }, at: Date): Promise<void>;

  /**
   * Cleans the personal profile in the transaction in which the owner of the user's address proves it for the first
   * time: removes what a person who does not own the address may have left there. `by_session` is true if the proof was
   * presented in a session of the user, and therefore by the same person.
   */
  onFirstProof(tx: Tx, change: { user: User; by_session: boolean }, at: Date): Promise<void>;

  /**
   * Attaches to the user what was granted to the owner of the e-mail address before. Runs in the transaction that
   * verifies the address, for a first and for a changed address.
   */
  onEmailVerified(tx: Tx, user: User, at: Date): Promise<void>;

  /**
   * Removes roles, signatures and the personal profile in the transaction that archives the user. Throws for the last
   * manager of the site, which rolls the archival back.
   */
  onArchive(
    tx: Tx,
    change: { user: User; site: Site; originated_by: UserId | null; force: boolean },
    at: Date,
  ): Promise<void>;

  /** Sums the credit that is lost with the user, by unit. `onArchive` refuses to lose it without `force`. */
  findCredit(reader: Reader, user_id: UserId): Promise<Money[]>;
}

/** Needs of the room. */
export interface AccountsDeps {
  settings: AccountsSettings;
  hooks: AccountsHooks;
  /** Finds a contact without a user, by the slug of the contact. Omitted: no contact is found. */
  findLead?: (reader: Reader, slug: string) => Promise<UserDetail | null>;
  /** Finds what a visitor chose to buy before signing in. Omitted: nothing is shown. */
  findChosenOffer?: FindChosenOffer;
}
