import type { Logger } from 'pino';
import type { Clock } from './clock.ts';
import { makeMailbox, type Mailbox } from './mailbox.ts';
import { safeMail, type OutgoingMail } from './outgoing-mail.ts';
import { openSmtp } from './smtp.ts';

export interface Mailer {
  /** Sends a message, or throws so that it is tried again. */
  send(mail: OutgoingMail): Promise<void>;
  /** What was captured; empty unless mail is captured. */
  readonly mailbox: Mailbox;
  close(): Promise<void>;
}

export interface MailerOptions {
  /** `smtp://` or `smtps://`; without it nothing leaves. */
  smtp_url: string | null;
  /** Address that messages come from. */
  from: string;
  /** Keep messages to be read at /_dev/mail. */
  capture: boolean;
  /** Write messages to the log when no server takes them: in evaluation, where the reader of the log is the only user. */
  write_to_log?: boolean;
  clock: Clock;
  log: Logger;
}

/** Makes the one way by which messages leave: to a mail server, into the mailbox of development, into the log of an evaluation, or nowhere with a warning. */
export function makeMailer({ smtp_url, from, capture, write_to_log = false, clock, log }: MailerOptions): Mailer {
  const mailbox = makeMailbox();
  const smtp = smtp_url === null ? null : openSmtp(smtp_url, from);
  return {
    mailbox,
    async send(mail) {
      const safe = safeMail(mail);
      if (safe === null) {
        log.warn({ event: mail.event, mail: mail.key }, 'e-mail without a usable address');
        return;
      }
      await smtp?.send(safe);
      if (capture) mailbox.keep(safe, clock.now());
      if (smtp || capture) return;
      if (write_to_log) log.warn({ event: mail.event, to: safe.to, subject: safe.subject, text: safe.text }, 'e-mail');
      else log.warn({ event: mail.event, mail: mail.key }, 'e-mail dropped: SMTP_URL is not set');
    },
    close() {
      smtp?.close();
      return Promise.resolve();
    },
  };
}
