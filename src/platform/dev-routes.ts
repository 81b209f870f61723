import { Type } from 'typebox';
import type { MovableClock } from './clock.ts';
import type { App } from './http/app.ts';
import { prefersHtml } from './http/replies/negotiate.ts';
import { IsoInstant, NullableString } from './http/schemas.ts';
import type { CapturedMail, Mailbox } from './mail/mailbox.ts';
import type { DueReport, MoveOptions } from './jobs/run-due.ts';
import { makeClockMoves } from './dev-clock/clock-moves.ts';
import { clockPages } from './dev-clock/pages.ts';
import { clockRoutes } from './dev-clock/routes.ts';
import { escapeHtml } from './templates/trusted-html.ts';

export interface DevRoutesOptions {
  mailbox: Mailbox;
  clock: MovableClock;
  /** Moves the clock and runs all work that falls due on the way. */
  runDue: (to: Date, options: MoveOptions) => Promise<DueReport>;
}

const CapturedMailSchema = Type.Object({
  created_at: IsoInstant,
  to: Type.Array(Type.String()),
  bcc: Type.Array(Type.String()),
  reply_to: NullableString,
  subject: Type.String(),
  text: Type.String(),
  html: Type.String(),
  event: Type.String(),
});

const MailList = Type.Object({ count: Type.Integer(), results: Type.Array(CapturedMailSchema) });

/** Routes of development: captured mail and the clock. Never registered in production. */
export function devRoutes(app: App, { mailbox, clock, runDue }: DevRoutesOptions): void {
  app.get(
    '/_dev/mail',
    {
      config: { access: { kind: 'public' } },
      schema: {
        tags: ['development'],
        summary: 'Lists the e-mails that were kept instead of sent, newest first',
        querystring: Type.Object({ to: Type.Optional(Type.String({ maxLength: 254 })) }),
        // No `response` schema: browsers receive a page from the same address.
      },
    },
    async (request, reply) => {
      const results = mailbox.list(request.query.to);
      if (prefersHtml(request.raw)) return reply.type('text/html; charset=utf-8').send(mailPage(results));
      const list: Type.Static<typeof MailList> = { count: results.length, results };
      return reply.send(list);
    },
  );

  const moves = makeClockMoves(clock, runDue);
  clockRoutes(app, clock, moves);
  clockPages(app, clock, moves);
}

function mailPage(mails: readonly CapturedMail[]): string {
  const articles = mails.map((mail) => {
    const lines = [
      `${mail.created_at} · ${mail.event}`,
      `To: ${mail.to.join(', ')}`,
      ...(mail.bcc.length > 0 ? [`Bcc: ${mail.bcc.join(', ')}`] : []),
      ...(mail.reply_to === null ? [] : [`Reply-To: ${mail.reply_to}`]),
    ];
    return `<article><h2>${escapeHtml(mail.subject)}</h2><p>${lines.map(escapeHtml).join('<br>')}</p><pre>${linked(mail.text)}</pre></article>`;
  });
  const body = articles.length > 0 ? articles.join('<hr>') : '<p>No e-mail was sent.</p>';
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Mail</title></head><body><main><h1>Mail</h1>${body}</main></body></html>`;
}

/** Escapes the text of a message and links its addresses. */
function linked(text: string): string {
  return text
    .split(/(https?:\/\/[^\s<>"]+)/)
    .map((part, i) => (i % 2 === 1 ? `<a href="${escapeHtml(part)}">${escapeHtml(part)}</a>` : escapeHtml(part)))
    .join('');
}
