import type { Logger } from 'pino';
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

export interface Admission {
  to: string[];
  bcc: string[];
  /** True if a reader is an unknown recipient; text that users wrote must then be quoted without links. */
  has_unknown_recipient: boolean;
  /** Releases the counts of a message that was not sent and is retried. */
  release(): Promise<void>;
}

/** Decides which readers a message is sent to. */
export interface MailGate {
  admit(mail: MailReaders & { key: string; event: string; origin: MailOrigin }): Promise<Admission>;
}

export interface MailGateOptions {
  throttle: Throttle;
  /** Finds which of the addresses, in lower case, active users have verified; one statement. */
  findVerifiedAddresses: (addresses: readonly string[]) => Promise<ReadonlyMap<string, UserId>>;
  log: Logger;
}

/**
 * Makes the gate that every message passes. Readers with a verified address always receive it; unknown recipients
 * receive it within limits per address, sender and profile, shared by all nodes. Refusals are logged.
 *
 * @see docs/decisions/0036-mail-to-strangers.md
 */
export function makeMailGate({ throttle, findVerifiedAddresses, log }: MailGateOptions): MailGate {
  /** Also limits messages to the broker and to related users: one account must not fill their mailboxes. */
  const isWithinCaused = async ({ kind, sender_id }: MailOrigin): Promise<boolean> =>
    sender_id === null ||
    kind === 'own' ||
    kind === 'receipt' ||
    (await throttle.allows(mailCausedLimit, String(sender_id)));

  return {
    async admit({ key, event, origin, to, bcc, instead }) {
      if (!(await isWithinCaused(origin))) {
        log.warn({ event, mail: key, limit: mailCausedLimit.name }, 'e-mail refused: limit of its sender reached');
        return { to: [], bcc: [], has_unknown_recipient: false, release: async () => {} };
      }
      const trusted = new Set(origin.trusted.map(lower));
      const addresses = [...new Set([...to, ...bcc, ...instead].map(lower))].filter((each) => !trusted.has(each));
      const verified = addresses.length === 0 ? new Map<string, UserId>() : await findVerifiedAddresses(addresses);
      const isUnknownRecipient = (address: string) => {
        if (trusted.has(lower(address))) return false;
        const user_id = verified.get(lower(address));
        return user_id === undefined || (origin.related !== null && !origin.related.has(user_id));
      };

      const taken: [RateLimit, string][] = [];
      const releaseFrom = async (index: number): Promise<void> => {
        for (const [limit, counted] of taken.splice(index)) await throttle.release(limit, counted);
      };
      let has_unknown_recipient = false;

      async function admits(address: string): Promise<boolean> {
        if (!isUnknownRecipient(address)) return true;
        const before_count = taken.length;
        for (const [limit, counted] of limitsOf(event, origin, lower(address))) {
          taken.push([limit, counted]);
          if (await throttle.allows(limit, counted)) continue;
          // A refused message counts against no limit, so that it does not suppress a later one.
          await releaseFrom(before_count);
          log.warn({ event, mail: key, limit: limit.name }, 'e-mail to unknown recipient refused: limit reached');
          return false;
        }
        has_unknown_recipient = true;
        return true;
      }

      const admitted = { to: await filter(to, admits), bcc: await filter(bcc, admits) };
      if (to.length > 0 && admitted.to.length === 0) {
        const present = new Set(admitted.bcc.map(lower));
        admitted.bcc.push(...instead.filter((each) => !isUnknownRecipient(each) && !present.has(lower(each))));
      }
      return { ...admitted, has_unknown_recipient, release: () => releaseFrom(0) };
    },
  };
}

function limitsOf(event: string, origin: MailOrigin, address: string): [RateLimit, string][] {
  if (origin.kind === 'own') return [[mailOwnLimit, address]];
  const perAddress: [RateLimit, string] =
    origin.kind === 'invitation' ? [mailInvitationLimit, address] : [mailNoticeLimit, `${event} ${address}`];
  const senderLimit = origin.is_seller ? mailSellerLimit : mailSenderLimit;
  return [
    perAddress,
    ...(origin.sender_id === null ? [] : [[senderLimit, String(origin.sender_id)] as [RateLimit, string]]),
    ...(origin.profile_id === null ? [] : [[mailProfileLimit, String(origin.profile_id)] as [RateLimit, string]]),
  ];
}

async function filter(addresses: readonly string[], admits: (address: string) => Promise<boolean>): Promise<string[]> {
  const admitted: string[] = [];
  for (const address of addresses) if (await admits(address)) admitted.push(address);
  return admitted;
}

function lower(address: string): string {
  return address.toLowerCase();
}
