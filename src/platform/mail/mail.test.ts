import assert from 'node:assert/strict';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { test } from 'node:test';
import { pino } from 'pino';
import type { Reader } from '../db/database.ts';
import { openGate } from '../../../test/support/open-gate.ts';
import { movableClock } from '../clock.ts';
import { type Mailer, makeMailer, type MailRequest } from './mail.ts';
import { safeMail, type OutgoingMail } from './outgoing-mail.ts';

const at = new Date('2026-03-10T15:00:00Z');
const mail: OutgoingMail = {
  key: 'event-1',
  event: 'user_welcome',
  to: ['xia@example.com'],
  bcc: ['donny@example.com'],
  reply_to: 'alice@example.com',
  subject: 'Welcome',
  text: 'Hello Xia',
  html: '<p>Hello Xia</p>',
};

test('text in an address or a subject adds no header and no recipient', () => {
  const evil = [
    'xia@example.com\r\nBcc: all@example.com',
    'a@example.com, b@example.com',
    'Xia <xia@example.com>',
    '',
    'xia',
    'a@b@c',
  ];
  assert.deepEqual(safeMail({ ...mail, to: [...evil, 'xia@example.com'], bcc: evil, reply_to: evil[0] ?? null }), {
    ...mail,
    bcc: [],
    reply_to: null,
  });
  assert.equal(safeMail({ ...mail, to: evil, bcc: [] }), null);
  assert.equal(
    safeMail({ ...mail, subject: 'Hi\r\nBcc: all@example.com\r\n\r\nbody' })?.subject,
    'Hi Bcc: all@example.com body',
  );
});

/** The request for a message of these parts. */
function requestOf({ subject, text, html, ...rest }: OutgoingMail): MailRequest {
  const origin = {
    kind: 'own',
    sender_id: null,
    is_seller: false,
    profile_id: null,
    trusted: [],
    related: null,
  } as const;
  return { ...rest, instead: [], origin, render: () => ({ subject, text, html }) };
}

const reader = {} as Reader; // an open gate reads nothing
const log = pino({ level: 'silent' });
const mailerTo = (smtp_url: string | null, capture = false) =>
  makeMailer({ smtp_url, from: 'support@cowork.example.com', capture, gate: openGate, clock: movableClock(at), log });

async function sendBy(mailer: Mailer, request: MailRequest): Promise<void> {
  const [admitted] = await mailer.admit([request], await mailer.findVerified(reader, request.to));
  await admitted?.send();
}

test('the mailbox keeps the newest messages once and finds them by any recipient', async () => {
  const mailer = mailerTo(null, true);
  await sendBy(mailer, requestOf(mail));
  await sendBy(mailer, requestOf(mail));
  await sendBy(mailer, requestOf({ ...mail, key: 'event-2', to: ['kenneth@example.com'], bcc: [], subject: 'Second' }));
  assert.deepEqual(
    mailer.mailbox.list().map(({ subject }) => subject),
    ['Second', 'Welcome'],
  );
  assert.deepEqual(mailer.mailbox.list('DONNY@example.com'), [
    {
      created_at: '2026-03-10T15:00:00.000Z',
      to: ['xia@example.com'],
      bcc: ['donny@example.com'],
      reply_to: 'alice@example.com',
      subject: 'Welcome',
      text: 'Hello Xia',
      html: '<p>Hello Xia</p>',
      event: 'user_welcome',
    },
  ]);
  assert.deepEqual(mailer.mailbox.list('xia@example.co'), []);
  for (let i = 0; i < 1_005; i += 1) await sendBy(mailer, requestOf({ ...mail, key: `many-${i}` }));
  assert.equal(mailer.mailbox.list().length, 1_000);
});

test('without a mail server and without capture no message is kept', async () => {
  const mailer = mailerTo(null);
  await sendBy(mailer, requestOf(mail));
  assert.deepEqual(mailer.mailbox.list(), []);
});

/** Starts a mail server that accepts one message and records the lines that it receives. */
async function listen(): Promise<{ server: Server; url: string; lines: string[] }> {
  const lines: string[] = [];
  const server = createServer((socket) => {
    let data = false;
    socket.write('220 test\r\n');
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().split('\r\n').slice(0, -1)) {
        lines.push(line);
        if (data) {
          if (line !== '.') continue;
          data = false;
          socket.write('250 kept\r\n');
        } else if (/^DATA/i.test(line)) {
          data = true;
          socket.write('354 go on\r\n');
        } else socket.write(/^QUIT/i.test(line) ? '221 bye\r\n' : '250 fine\r\n');
      }
    });
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return { server, url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`, lines };
}

test('the server receives blind recipients in the envelope only', async () => {
  const { server, url, lines } = await listen();
  const mailer = mailerTo(url);
  await sendBy(mailer, requestOf(mail));
  await mailer.close();
  server.close();
  assert.deepEqual(
    lines.filter((line) => /^RCPT/i.test(line)),
    ['RCPT TO:<xia@example.com>', 'RCPT TO:<donny@example.com>'],
  );
  const headers = lines.slice(lines.indexOf('DATA'));
  assert.ok(headers.includes('From: support@cowork.example.com'));
  assert.ok(headers.includes('To: xia@example.com'));
  assert.ok(headers.includes('Reply-To: alice@example.com'));
  assert.ok(headers.includes('Message-ID: <event-1@cowork.example.com>'));
  assert.ok(!headers.some((line) => /^bcc|donny/i.test(line)));
});

test('an unreachable server is an error, so that the message is retried', async () => {
  const { server, url } = await listen();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  const mailer = mailerTo(url);
  await assert.rejects(sendBy(mailer, requestOf(mail)));
  await mailer.close();
});
