import { safeMail, type Mailer, type OutgoingMail } from './mail.ts';

/** A message that was kept instead of sent, as /_dev/mail shows it. */
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

/** A mailer that keeps the newest messages in memory: development and tests read them. */
export interface Mailbox extends Mailer {
  /** Newest first; with `to`, those that reached that address, openly or as a blind copy. */
  list(to?: string): CapturedMail[];
  clear(): void;
}

const KEPT_MAX = 1_000;

export function makeMailbox(): Mailbox {
  // By key: a message that is sent again replaces itself. A map keeps the order of arrival.
  const kept = new Map<string, CapturedMail>();
  return {
    send(mail, at) {
      const safe = safeMail(mail);
      if (safe !== null && !kept.has(mail.key)) kept.set(mail.key, capture(safe, at));
      for (const key of kept.keys()) {
        if (kept.size <= KEPT_MAX) break;
        kept.delete(key);
      }
      return Promise.resolve();
    },
    close: () => {},
    list(to) {
      const wanted = to?.trim().toLowerCase();
      const reached = (mail: CapturedMail) => [...mail.to, ...mail.bcc].some((each) => each.toLowerCase() === wanted);
      return [...kept.values()].filter((mail) => wanted === undefined || wanted === '' || reached(mail)).toReversed();
    },
    clear: () => kept.clear(),
  };
}

function capture(mail: OutgoingMail, at: Date): CapturedMail {
  const { to, bcc, reply_to, subject, text, html, event } = mail;
  return { created_at: at.toISOString(), to: [...to], bcc: [...bcc], reply_to, subject, text, html, event };
}
