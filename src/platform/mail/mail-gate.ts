import type { Logger } from 'pino';
import type { Reader } from '../db/database.ts';
import type { ProfileId, UserId } from '../db/db-schema.ts';
import {
  mailCausedLimit,
  mailInvitationLimit,
  mailNoticeLimit,
  mailOwnLimit,
  mailProfileLimit,
  mailSellerLimit,
  mailSenderLimit,
} from '../security/rate-limits.ts';
import type { RateLimit, Throttle } from '../security/throttle.ts';
import { countMails, type MailCounts, makeReleaseCounts } from './mail-counts.ts';

/**
 * Cause of a message and relation of its readers to it; decides which limits apply to its e-mails to unknown
 * recipients.
 */
export interface MailOrigin {
  /**
   * `own`: about the account of the reader. `invitation`: asks the reader for something. `receipt`: about money or a
   * plan. `notice`: all others.
   */
  kind: 'own' | 'invitation' | 'receipt' | 'notice';
  /** Account that causes the message; null for jobs and visitors. */
  sender_id: UserId | null;
  /** The sender manages the broker or a provider. */
  is_seller: boolean;
  /** Profile that the message is about. */
  profile_id: ProfileId | null;
  /** Addresses that count as verified: those of the site itself. */
  trusted: readonly string[];
  /**
   * Users related to the subject of the message; any other user is an unknown recipient, even with a verified address.
   */
  related: ReadonlySet<UserId> | null;
}

export interface MailReaders {
  to: readonly string[];
  bcc: readonly string[];
  /** Verified readers among these receive the message when every `to` was refused. */
  instead: readonly string[];
}

/** A message of which the gate decides. */
export interface GatedMail extends MailReaders {
  key: string;
  event: string;
  origin: MailOrigin;
}

export interface Admission {
  to: string[];
  bcc: string[];
  /** True if a reader is an unknown recipient; text that users wrote must then be quoted without links. */
  has_unknown_recipient: boolean;
  /** Releases the counts of a message that was not sent and is retried. */
  release(): Promise<void>;
}

declare const verified: unique symbol;

/** Active users by the address that they have verified, in lower case; only a gate makes it. */
export type VerifiedAddresses = ReadonlyMap<string, UserId> & { readonly [verified]: true };

/** Decides which readers messages are sent to. */
export interface MailGate {
  /** Finds which of the addresses active users have verified; one statement. */
  findVerified(reader: Reader, addresses: readonly string[]): Promise<VerifiedAddresses>;
  /**
   * Decides for several messages, in their order, in one statement, and in one more when a limit is reached. An address
   * that `verified` does not have is an unknown recipient.
   */
  admit(mails: readonly GatedMail[], verified: VerifiedAddresses): Promise<Admission[]>;
}

export interface MailGateOptions {
  throttle: Throttle;
  /** Finds which of the addresses, in lower case, active users have verified; one statement. */
  findVerifiedAddresses: (reader: Reader, addresses: readonly string[]) => Promise<ReadonlyMap<string, UserId>>;
  log: Logger;
}

/**
 * Makes the gate that every message passes. Readers with a verified address always receive it; unknown recipients
 * receive it within limits per address, sender and profile, shared by all nodes. Refusals are logged.
 *
 * @see docs/decisions/0036-mail-to-strangers.md
 */
export function makeMailGate({ throttle, findVerifiedAddresses, log }: MailGateOptions): MailGate {
  const releaseCounts = makeReleaseCounts(throttle);
  return {
    async findVerified(reader, addresses) {
      const lowered = [...new Set(addresses.map(lower))];
      const found = lowered.length === 0 ? new Map<string, UserId>() : await findVerifiedAddresses(reader, lowered);
      // The brand exists in types only, so that a cast is needed.
      return found as VerifiedAddresses;
    },
    async admit(mails, verified_addresses) {
      const judged = mails.map((mail) => ({ mail, isUnknown: makeIsUnknown(mail.origin, verified_addresses) }));
      const wanted = judged.flatMap(({ mail, isUnknown }) => [
        ...causedLimits(mail.origin),
        ...[...mail.to, ...mail.bcc].filter(isUnknown).flatMap((address) => limitsOf(mail, address)),
      ]);
      const counts = await countMails(throttle, wanted);
      const admissions = judged.map(({ mail, isUnknown }): Admission => {
        const { taken, ...admission } = admitMail(mail, isUnknown, counts, log);
        return { ...admission, has_unknown_recipient: taken.length > 0, release: () => releaseCounts(taken) };
      });
      // A refused message counts against no limit, so that it does not suppress a later one.
      await counts.releaseUnused();
      return admissions;
    },
  };
}

type IsUnknown = (address: string) => boolean;

/** Makes the test of an address: unverified, or verified by a user who has no part in the subject of the message. */
function makeIsUnknown({ trusted, related }: MailOrigin, verified_addresses: VerifiedAddresses): IsUnknown {
  const trusted_addresses = new Set(trusted.map(lower));
  return (address) => {
    if (trusted_addresses.has(lower(address))) return false;
    const user_id = verified_addresses.get(lower(address));
    return user_id === undefined || (related !== null && !related.has(user_id));
  };
}

/** Returns the readers that a message is sent to, and the counts that it took. */
function admitMail(
  mail: GatedMail,
  isUnknown: IsUnknown,
  counts: MailCounts,
  log: Logger,
): { to: string[]; bcc: string[]; taken: Counted[] } {
  const { key, event, origin, to, bcc, instead } = mail;
  if (counts.take(causedLimits(origin)) !== null) {
    log.warn({ event, mail: key, limit: mailCausedLimit.name }, 'e-mail refused: limit of its sender reached');
    return { to: [], bcc: [], taken: [] };
  }
  const taken: Counted[] = [];
  const admits = (address: string): boolean => {
    if (!isUnknown(address)) return true;
    const limits = limitsOf(mail, address);
    const reached = counts.take(limits);
    if (reached === null) taken.push(...limits);
    else log.warn({ event, mail: key, limit: reached.name }, 'e-mail to unknown recipient refused: limit reached');
    return reached === null;
  };
  const admitted = { to: to.filter(admits), bcc: bcc.filter(admits) };
  if (to.length > 0 && admitted.to.length === 0) {
    const present = new Set(admitted.bcc.map(lower));
    admitted.bcc.push(...instead.filter((each) => !isUnknown(each) && !present.has(lower(each))));
  }
  return { ...admitted, taken };
}

type Counted = readonly [RateLimit, string];

/** Returns the limit of all messages that an account causes: one account must not fill mailboxes of the site. */
function causedLimits({ kind, sender_id }: MailOrigin): Counted[] {
  return sender_id === null || kind === 'own' || kind === 'receipt' ? [] : [[mailCausedLimit, String(sender_id)]];
}

/** Returns the limits of a message to an unknown recipient. */
function limitsOf({ event, origin }: GatedMail, reader: string): Counted[] {
  const address = lower(reader);
  if (origin.kind === 'own') return [[mailOwnLimit, address]];
  const perAddress: Counted =
    origin.kind === 'invitation' ? [mailInvitationLimit, address] : [mailNoticeLimit, `${event} ${address}`];
  const senderLimit = origin.is_seller ? mailSellerLimit : mailSenderLimit;
  return [
    perAddress,
    ...(origin.sender_id === null ? [] : [[senderLimit, String(origin.sender_id)] as const]),
    ...(origin.profile_id === null ? [] : [[mailProfileLimit, String(origin.profile_id)] as const]),
  ];
}

function lower(address: string): string {
  return address.toLowerCase();
}
