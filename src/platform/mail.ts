import { createTransport } from 'nodemailer';
import type { Logger } from 'pino';

/** A message ready to leave. `key` names it for ever: the same key sent twice is the same message. */
export interface OutgoingMail {
  key: string;
  event: string;
  to: readonly string[];
  bcc: readonly string[];
  reply_to: string | null;
  subject: string;
  text: string;
  html: string;
}

export interface Mailer {
  /** Sends a message, or throws so that it is tried again. */
  send(mail: OutgoingMail, at: Date): Promise<void>;
  close(): void;
}

const CONNECT_MS_MAX = 10_000;
const SILENCE_MS_MAX = 30_000;

/** Sends through a mail server, `smtp://` or `smtps://`. */
export function smtpMailer(url: string, from: string): Mailer {
  const transport = createTransport(
    {
      url,
      pool: true,
      maxConnections: 2,
      connectionTimeout: CONNECT_MS_MAX,
      greetingTimeout: CONNECT_MS_MAX,
      socketTimeout: SILENCE_MS_MAX,
    },
    // Nothing that a template or a user wrote may name a file or an address to read.
    { disableFileAccess: true, disableUrlAccess: true },
  );
  const domain = from.split('@').at(-1) ?? 'localhost';
  return {
    async send(mail) {
      const safe = safeMail(mail);
      if (safe === null) return;
      await transport.sendMail({
        from: address(from),
        to: safe.to.map(address),
        bcc: safe.bcc.map(address),
        ...(safe.reply_to === null ? {} : { replyTo: address(safe.reply_to) }),
        subject: safe.subject,
        text: safe.text,
        html: safe.html,
        messageId: `<${mail.key}@${domain}>`,
        headers: { 'auto-submitted': 'auto-generated' },
      });
    },
    close: () => transport.close(),
  };
}

/** Drops every message with a line in the log: no mail server is configured. */
export function droppingMailer(log: Logger): Mailer {
  return {
    send(mail) {
      log.warn({ event: mail.event, mail: mail.key }, 'e-mail dropped: SMTP_URL is not set');
      return Promise.resolve();
    },
    close: () => {},
  };
}

/**
 * Makes a message harmless to write into headers, whatever its parts were made of; null when nobody is left to send it to.
 *
 * An address that is not one plain address is left out: a line break or a comma in it would reach others.
 */
export function safeMail(mail: OutgoingMail): OutgoingMail | null {
  const to = mail.to.filter(isPlainAddress);
  const bcc = mail.bcc.filter(isPlainAddress);
  if (to.length + bcc.length === 0) return null;
  return {
    ...mail,
    to,
    bcc,
    reply_to: mail.reply_to !== null && isPlainAddress(mail.reply_to) ? mail.reply_to : null,
    subject: mail.subject
      .replaceAll(/\p{Cc}+/gu, ' ')
      .trim()
      .slice(0, 255),
  };
}

function isPlainAddress(text: string): boolean {
  return text.length <= 254 && /^[^\s@<>()[\]",;:\\\p{Cc}]+@[^\s@<>()[\]",;:\\\p{Cc}]+$/u.test(text);
}

/** As an object, which the library does not parse again. */
function address(text: string): { name: string; address: string } {
  return { name: '', address: text };
}
