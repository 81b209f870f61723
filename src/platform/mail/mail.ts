import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { MailGate, MailOrigin, MailReaders } from './mail-gate.ts';
import { makeMailbox, type Mailbox } from './mailbox.ts';
import { safeMail } from './outgoing-mail.ts';
import { openSmtp } from './smtp.ts';

/** A message for the readers that the gate admits. */
export interface MailRequest extends MailReaders {
  /** Permanent key of the message; a repeated key is the same message. */
  key: string;
  event: string;
  reply_to: string | null;
  origin: MailOrigin;
  /** Makes the parts of the message; for unknown recipients without text that users wrote. */
  render(has_unknown_recipient: boolean): { subject: string; text: string; html: string };
}

export interface Mailer {
  /** Sends a message; throws when it must be retried. */
  send(request: MailRequest): Promise<void>;
  /** Captured messages; empty unless mail is captured. */
  readonly mailbox: Mailbox;
  close(): Promise<void>;
}

export interface MailerOptions {
  /** `smtp://` or `smtps://`; null sends nothing. */
  smtp_url: string | null;
  /** Sender address of all messages. */
  from: string;
  /** Keep messages to be read at /_dev/mail. */
  capture: boolean;
  /** Writes messages to the log when there is no server: in evaluation mode, whose only user reads the log. */
  write_to_log?: boolean;
  gate: MailGate;
  clock: Clock;
  log: Logger;
}

/**
 * Makes the mailer: it sends to a mail server, keeps messages in the mailbox of development, writes them to the log in
 * evaluation mode, or drops them with a warning.
 */
export function makeMailer(options: MailerOptions): Mailer {
  const { smtp_url, from, capture, write_to_log = false, gate, clock, log } = options;
  const mailbox = makeMailbox();
  const smtp = smtp_url === null ? null : openSmtp(smtp_url, from);
  return {
    mailbox,
    async send(request) {
      const { key, event, reply_to } = request;
      const { to, bcc, has_unknown_recipient, release } = await gate.admit(request);
      if (to.length + bcc.length === 0) return;
      const safe = safeMail({ key, event, to, bcc, reply_to, ...request.render(has_unknown_recipient) });
      if (safe === null) {
        log.warn({ event, mail: key }, 'e-mail without a valid address');
        return;
      }
      try {
        await smtp?.send(safe);
      } catch (error) {
        await release();
        throw error;
      }
      if (capture) mailbox.keep(safe, clock.now());
      if (smtp || capture) return;
      if (write_to_log) log.warn({ event, to: safe.to, subject: safe.subject, text: safe.text }, 'e-mail');
      else log.warn({ event, mail: key }, 'e-mail dropped: SMTP_URL is not set');
    },
    close() {
      smtp?.close();
      return Promise.resolve();
    },
  };
}
