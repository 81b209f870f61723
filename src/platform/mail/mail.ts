import assert from 'node:assert/strict';
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Reader } from '../db/database.ts';
import type { Admission, GatedMail, MailGate, VerifiedAddresses } from './mail-gate.ts';
import { makeMailbox, type Mailbox } from './mailbox.ts';
import { type OutgoingMail, safeMail } from './outgoing-mail.ts';
import { openSmtp } from './smtp.ts';

/** A message for the readers that the gate admits. */
export interface MailRequest extends GatedMail {
  reply_to: string | null;
  /** Makes the parts of the message; for unknown recipients without text that users wrote. */
  render(has_unknown_recipient: boolean): { subject: string; text: string; html: string };
}

/** A message that passed the gate. Its key is permanent: a repeated key is the same message. */
export interface AdmittedMail {
  /** Sends the message, or nothing when no reader was admitted; throws when it must be retried, uncounted. */
  send(): Promise<void>;
  /** Releases the counts of a message that is not sent. */
  release(): Promise<void>;
}

export interface Mailer {
  /** Finds which addresses active users have verified; one statement. */
  findVerified(reader: Reader, addresses: readonly string[]): Promise<VerifiedAddresses>;
  /** Passes messages through the gate, together. `verified` covers the addresses of all readers. */
  admit(requests: readonly MailRequest[], verified: VerifiedAddresses): Promise<AdmittedMail[]>;
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

  async function send(request: MailRequest, admission: Admission): Promise<void> {
    const { key, event, reply_to } = request;
    const { to, bcc, has_unknown_recipient, release } = admission;
    if (to.length + bcc.length === 0) return;
    let safe: OutgoingMail | null;
    try {
      safe = safeMail({ key, event, to, bcc, reply_to, ...request.render(has_unknown_recipient) });
      if (safe !== null) await smtp?.send(safe);
    } catch (error) {
      await release();
      throw error;
    }
    if (safe === null) {
      log.warn({ event, mail: key }, 'e-mail without a valid address');
      return;
    }
    if (capture) mailbox.keep(safe, clock.now());
    if (smtp || capture) return;
    if (write_to_log) log.warn({ event, to: safe.to, subject: safe.subject, text: safe.text }, 'e-mail');
    else log.warn({ event, mail: key }, 'e-mail dropped: SMTP_URL is not set');
  }

  return {
    mailbox,
    findVerified: (reader, addresses) => gate.findVerified(reader, addresses),
    async admit(requests, verified) {
      const admissions = await gate.admit(requests, verified);
      return requests.map((request, index) => {
        const admission = admissions[index];
        assert(admission, 'the gate decides for every message');
        return { send: () => send(request, admission), release: () => admission.release() };
      });
    },
    close() {
      smtp?.close();
      return Promise.resolve();
    },
  };
}
