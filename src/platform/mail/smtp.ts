import type { OutgoingMail } from './outgoing-mail.ts';

export interface Smtp {
  /** Sends a message that `safeMail` returned. */
  send(mail: OutgoingMail): Promise<void>;
  close(): void;
}

const CONNECT_MS_MAX = 10_000;
const SILENCE_MS_MAX = 30_000;

/** Opens a mail server, `smtp://` or `smtps://`. It loads the library and connects when the first message is sent. */
export function openSmtp(url: string, from: string): Smtp {
  let opened: ReturnType<typeof openTransport> | null = null;
  const domain = from.split('@').at(-1) ?? 'localhost';
  return {
    async send(mail) {
      const transport = await (opened ??= openTransport(url));
      await transport.sendMail({
        from: address(from),
        to: mail.to.map(address),
        bcc: mail.bcc.map(address),
        ...(mail.reply_to === null ? {} : { replyTo: address(mail.reply_to) }),
        subject: mail.subject,
        text: mail.text,
        html: mail.html,
        messageId: `<${mail.key}@${domain}>`,
        headers: { 'auto-submitted': 'auto-generated' },
      });
    },
    close() {
      opened?.then(
        (transport) => transport.close(),
        () => {},
      );
    },
  };
}

async function openTransport(url: string) {
  const { createTransport } = await import('nodemailer');
  return createTransport({
    url,
    pool: true,
    maxConnections: 2,
    connectionTimeout: CONNECT_MS_MAX,
    greetingTimeout: CONNECT_MS_MAX,
    socketTimeout: SILENCE_MS_MAX,
    // Text of a template or a user must not name a file or an address to read.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

/** Returns an object, which the library does not parse again. */
function address(text: string): { name: string; address: string } {
  return { name: '', address: text };
}
