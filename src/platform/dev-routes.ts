import { Type } from 'typebox';
import { readInstant } from '#kernel/instant';
import { invalidInput } from '#kernel/problem';
import type { MovableClock } from './clock.ts';
import type { App } from './http/app.ts';
import { prefersHtml } from './http/replies/negotiate.ts';
import { IsoInstant, NullableString } from './http/schemas.ts';
import type { CapturedMail, Mailbox } from './mail/mailbox.ts';
import type { DueReport } from './jobs/run-due.ts';
import { escapeHtml } from './templates/trusted-html.ts';

const MOVE_MAX_MS = 10 * 366 * 86_400_000;

export interface DevRoutesOptions {
  mailbox: Mailbox;
  clock: MovableClock;
  /** Moves the clock and runs all work that falls due on the way. */
  runDue: (to: Date) => Promise<DueReport>;
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

const ClockState = Type.Object({
  now: IsoInstant,
  runs_count: Type.Optional(Type.Integer()),
  failed: Type.Optional(Type.Array(Type.Object({ job: Type.String(), at: IsoInstant, error: Type.String() }))),
});

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

  app.get(
    '/_dev/clock',
    {
      config: { access: { kind: 'public' } },
      schema: { tags: ['development'], summary: "Reads the site's clock", response: { 200: ClockState } },
    },
    () => ({ now: clock.now().toISOString() }),
  );

  let moving: Promise<unknown> = Promise.resolve();
  app.post(
    '/_dev/clock',
    {
      config: { access: { kind: 'public' } },
      schema: {
        tags: ['development'],
        summary: "Moves the site's clock forward and runs, in order, all work that falls due on the way",
        body: Type.Object({ now: Type.String({ maxLength: 64 }) }),
        response: { 200: ClockState },
      },
    },
    async (request) => {
      // Moves are serialized: the second starts where the first ended.
      const move = moving.catch(() => {}).then(() => moveClock(clock, runDue, request.body.now));
      moving = move;
      return move;
    },
  );
}

async function moveClock(
  clock: MovableClock,
  runDue: (to: Date) => Promise<DueReport>,
  text: string,
): Promise<Type.Static<typeof ClockState>> {
  const to = readInstant('now', text, 'UTC');
  if (to < clock.now())
    throw invalidInput({ now: [`The clock only moves forward; it shows ${clock.now().toISOString()}.`] });
  if (to.getTime() - clock.now().getTime() > MOVE_MAX_MS)
    throw invalidInput({ now: ['The clock moves 10 years at a time at most: every job that becomes due is run.'] });
  const { runs_count, failed } = await runDue(to);
  return {
    now: clock.now().toISOString(),
    runs_count,
    failed: failed.map(({ job, at, error }) => ({ job, at: at.toISOString(), error })),
  };
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
