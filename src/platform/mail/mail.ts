import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { MailGate, MailOrigin, MailReaders } from './mail-gate.ts';
import { makeMailbox, type Mailbox } from './mailbox.ts';
import { safeMail } from './outgoing-mail.ts';
import { openSmtp } from './smtp.ts';

/** A message to be sent to those readers whom the gate admits. */
export interface MailRequest extends MailReaders {
  /** Names the message for ever: the same key sent twice is the same message. */
  key: string;
  event: string;
  reply_to: string | null;
  origin: MailOrigin;
  /** Makes the parts of the message; for strangers without text that users may have abused. */
  render(has_stranger: boolean): { subject: string; text: string; html: string };
}

export interface Mailer {
  /** Sends a message, or throws so that it is tried again. */
  send(request: MailRequest): Promise<void>;
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
  gate: MailGate;
  clock: Clock;
  log: Logger;
}

/** Makes the one way by which messages leave: to a mail server, into the mailbox of development, into the log of an evaluation, or nowhere with a warning. */
export function makeMailer(options: MailerOptions): Mailer {
  const { smtp_url, from, capture, write_to_log = false, gate, clock, log } = options;
  const mailbox = makeMailbox();
  const smtp = smtp_url === null ? null : openSmtp(smtp_url, from);
  return {
    mailbox,
    async send(request) {
      const { key, event, reply_to } = request;
      const { to, bcc, has_stranger, giveBack } = await gate.admit(request);
      if (to.length + bcc.length === 0) return;
      const safe = safeMail({ key, event, to, bcc, reply_to, ...request.render(has_stranger) });
      if (safe === null) {
        log.warn({ event, mail: key }, 'e-mail without a usable address');
        return;
      }
      try {
        await smtp?.send(safe);
      } catch (error) {
        await giveBack();
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
