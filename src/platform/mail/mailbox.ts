import type { OutgoingMail } from './outgoing-mail.ts';

/** A captured message, as /_dev/mail shows it. */
export interface CapturedMail {
  created_at: string;
  to: string[];
  bcc: string[];
  reply_to: string | null;
  subject: string;
  text: string;
  html: string;
  event: string;
}

/** The newest messages, in memory: development and tests read them. */
export interface Mailbox {
  keep(mail: OutgoingMail, at: Date): void;
  /** Returns messages, newest first; with `to`, those sent to that address, blind copies included. */
  list(to?: string): CapturedMail[];
  clear(): void;
}

const KEPT_MAX = 1_000;

export function makeMailbox(): Mailbox {
  // By key, so that a retried message is kept once. A map preserves the order of insertion.
  const kept = new Map<string, CapturedMail>();
  return {
    keep(mail, at) {
      if (kept.has(mail.key)) return;
      kept.set(mail.key, capture(mail, at));
      for (const key of kept.keys()) {
        if (kept.size <= KEPT_MAX) break;
        kept.delete(key);
      }
    },
    list(to) {
      const wanted = to?.trim().toLowerCase() ?? '';
      const isSentTo = (mail: CapturedMail) => [...mail.to, ...mail.bcc].some((each) => each.toLowerCase() === wanted);
      return [...kept.values()].filter((mail) => wanted === '' || isSentTo(mail)).toReversed();
    },
    clear: () => kept.clear(),
  };
}

function capture(mail: OutgoingMail, at: Date): CapturedMail {
  const { to, bcc, reply_to, subject, text, html, event } = mail;
  return { created_at: at.toISOString(), to: [...to], bcc: [...bcc], reply_to, subject, text, html, event };
}
