import { emailSpellings } from '#kernel/email';
import type { Context } from '#platform/context';
import type { UserId } from '#platform/db/db-schema';
import { mergeReads } from '#platform/db/merge-reads';
import type { Mailer } from '#platform/mail/mail';
import type { VerifiedAddresses } from '#platform/mail/mail-gate';
import type { ProfileView } from '#profiles';
import type { Notice } from './notice.ts';
import { findOptedOut, type OptedOut } from './optout-store.ts';
import type { Parties } from './parties.ts';
import {
  chooseRecipients,
  type ManagerCopy,
  type Party,
  type Reachable,
  type RecipientRule,
  type Recipients,
  type ReplyParty,
} from './recipients.ts';

/** A notice with the rule of its recipients. */
export interface RuledNotice {
  notice: Notice;
  rule: RecipientRule;
}

/** Recipients, and the facts by which the mail gate detects unknown recipients. */
export interface LoadedRecipients extends Recipients {
  /**
   * Managers of the profile of the first recipient, including the originator. They get the message when the gate
   * withholds it from the address of `to`.
   */
  instead: string[];
  /** Users who take part in the subject of the notice. */
  related: Set<UserId>;
}

/** Readers of the notices of a batch, with their present opt-outs. */
export interface Readers {
  readonly verified: VerifiedAddresses;
  recipientsOf(ruled: RuledNotice): LoadedRecipients;
}

/** Loads the readers of a batch of notices: verified addresses and opt-outs in one statement. */
export async function loadReaders(
  ctx: Context,
  mailer: Pick<Mailer, 'findVerified'>,
  ruled: readonly RuledNotice[],
  found: Parties,
): Promise<Readers> {
  const addresses = ruled.flatMap(({ notice, rule }) => {
    const first = notice.address ?? addressOf(notice, rule.to, found.broker);
    const managers = rule.managers_of.flatMap((party) => managersOf(notice, party, found));
    return [...(first === '' ? [] : [first, ...emailSpellings(first)]), ...managers.map(({ address }) => address)];
  });
  const user_ids = ruled.flatMap((each) => [
    subjectIdOf(each, found.broker),
    ...findManagers(each, found).map(({ user_id }) => user_id),
  ]);
  const people = {
    user_ids: user_ids.filter((id) => id !== null && id !== undefined),
    addresses: addresses.map((address) => address.toLowerCase()),
  };
  const events = ruled.map(({ notice }) => notice.event);
  const [verified, opted_out] = await mergeReads(ctx.db, [
    (reader) => mailer.findVerified(reader, addresses),
    (reader) => findOptedOut(reader, people, events),
  ]);
  return { verified, recipientsOf: (each) => recipientsOf(each, { found, verified, opted_out }) };
}

interface ReaderFacts {
  found: Parties;
  verified: VerifiedAddresses;
  opted_out: OptedOut;
}

function recipientsOf(ruled: RuledNotice, facts: ReaderFacts): LoadedRecipients {
  const { notice, rule } = ruled;
  const to = findFirstReader(ruled, facts);
  const managers = findManagers(ruled, facts.found);
  const opted_out = facts.opted_out.get(notice.event) ?? new Set();
  const always = rule.always ?? false;
  const subject_ids = [notice.parties.user?.id, profileOf(notice, rule.to, facts.found.broker)?.personal_user_id];
  return {
    ...chooseRecipients({ to, managers, originator_id: notice.originator?.id ?? null, opted_out, always }),
    instead: managers
      .filter(({ is_other_side, user_id }) => !is_other_side && (user_id === null || !opted_out.has(user_id)))
      .map(({ address }) => address),
    related: new Set(
      [...subject_ids, ...managers.map(({ user_id }) => user_id)].filter((id) => id !== null && id !== undefined),
    ),
  };
}

/**
 * Finds the first recipient with the user whose opt-outs apply: the user or the personal profile that the notice is
 * for, else the user who verified the address. Null without an address.
 */
function findFirstReader(ruled: RuledNotice, { found, verified }: ReaderFacts): Reachable | null {
  const address = ruled.notice.address ?? addressOf(ruled.notice, ruled.rule.to, found.broker);
  if (address === '') return null;
  const [verifier] = emailSpellings(address).flatMap((spelling) => verified.get(spelling) ?? []);
  return { address, user_id: subjectIdOf(ruled, found.broker) ?? verifier ?? null };
}

/** Returns the user, or the user of the personal profile, that the notice is for. */
function subjectIdOf({ notice, rule }: RuledNotice, broker: ProfileView): UserId | null | undefined {
  return rule.to === 'user' ? notice.parties.user?.id : profileOf(notice, rule.to, broker)?.personal_user_id;
}

function findManagers({ notice, rule }: RuledNotice, found: Parties): ManagerCopy[] {
  return rule.managers_of.flatMap((party) =>
    managersOf(notice, party, found).map((each) => ({ ...each, is_other_side: party !== rule.to })),
  );
}

function managersOf(notice: Notice, party: Party, found: Parties): readonly Reachable[] {
  const profile = profileOf(notice, party, found.broker);
  return profile ? found.managersOf(profile.id) : [];
}

/** Returns the addresses that may receive a reply, in order of preference; the broker's is the last one. */
export function replyCandidates(
  notice: Notice,
  rule: RecipientRule,
  broker: ProfileView,
): (string | null | undefined)[] {
  const addressOfReply = (party: ReplyParty) =>
    party === 'originator' ? notice.originator?.email : addressOf(notice, party, broker);
  return [...rule.replies_to.map(addressOfReply), broker.email];
}

/** Returns the address of a party on record; empty when the notice does not have the party. */
export function addressOf(notice: Notice, party: Party, broker: ProfileView): string {
  if (party === 'user') return notice.parties.user?.email ?? '';
  return profileOf(notice, party, broker)?.email ?? '';
}

/** Returns the profile of a party; undefined for a user, and when the notice does not have the party. */
export function profileOf(notice: Notice, party: Party, broker: ProfileView): ProfileView | undefined {
  if (party === 'user') return undefined;
  return party === 'broker' ? broker : notice.parties[party];
}
