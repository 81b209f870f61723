import type { MailGate } from '../../src/platform/mail/mail-gate.ts';

/** Admits every reader as known, for tests of what is sent. */
export const openGate: MailGate = {
  admit: async ({ to, bcc }) => ({ to: [...to], bcc: [...bcc], has_stranger: false, giveBack: async () => {} }),
};
