import { cutText } from '#kernel/text';

/** A message to be sent. `key` is permanent; a repeated key is the same message. */
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

const SUBJECT_LENGTH_MAX = 255;

/**
 * Makes a message safe to write into headers, regardless of its content; null when it has no valid recipient.
 *
 * Excludes text that is not one plain address: a line break or a comma in it would add recipients.
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
    subject: cutText(mail.subject.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim(), SUBJECT_LENGTH_MAX),
  };
}

function isPlainAddress(text: string): boolean {
  return text.length <= 254 && /^[^\s@<>()[\]",;:\\\p{Cc}]+@[^\s@<>()[\]",;:\\\p{Cc}]+$/u.test(text);
}
