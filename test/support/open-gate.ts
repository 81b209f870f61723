import type { MailGate } from '../../src/platform/mail/mail-gate.ts';

/** Admits every recipient, for tests of the messages. */
export const openGate: MailGate = {
  admit: async ({ to, bcc }) => ({ to: [...to], bcc: [...bcc], has_unknown_recipient: false, release: async () => {} }),
};
