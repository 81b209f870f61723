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

const SUBJECT_LENGTH_MAX = 255;

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
      .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
      .trim()
      .slice(0, SUBJECT_LENGTH_MAX),
  };
}

function isPlainAddress(text: string): boolean {
  return text.length <= 254 && /^[^\s@<>()[\]",;:\\\p{Cc}]+@[^\s@<>()[\]",;:\\\p{Cc}]+$/u.test(text);
}
