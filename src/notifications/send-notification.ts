import type { Context } from '#platform/context';
import type { Delivery, Subscriber } from '#platform/jobs/events';
import type { Mailer } from '#platform/mail/mail';
import type { MailOrigin } from '#platform/mail/mail-gate';
import type { Templates } from '#platform/templates/templates';
import { getProfileView, type ProfileView } from '#profiles';
import { composers } from './composers.ts';
import { addressOf, type LoadedRecipients, loadRecipients, replyCandidates } from './load-recipients.ts';
import { findMailOrigin } from './mail-origin.ts';
import type { Notice } from './notice.ts';
import { withPlainTexts } from './plain-text.ts';
import { chooseReplyTo, type RecipientRule, recipientRule } from './recipients.ts';
import { presentNotice, presentSite } from './template-data.ts';

export interface NotificationNeeds {
  mailer: Pick<Mailer, 'send'>;
  templates: Pick<Templates, 'has' | 'renderMail'>;
  /** Address that messages come from. */
  from: string;
}

/** Makes the subscriber that sends an e-mail for each event that has a composer. */
export function makeNotificationSubscriber(needs: NotificationNeeds): Subscriber {
  const byName = new Map(composers.map((composer) => [composer.event_type.event_name, composer]));
  return {
    name: 'notifications',
    event_types: composers.map(({ event_type }) => event_type),
    wants: (event) => byName.has(event),
    prepare: async (ctx) => ({
      async handle(delivery) {
        const notice = await byName.get(delivery.name)?.compose(ctx, delivery.payload);
        if (notice) await sendNotice(ctx, needs, delivery, notice);
      },
    }),
  };
}

/**
 * Sends a notice to its recipients. The key of a message names the delivery, so that a repeated delivery is
 * deduplicated.
 */
async function sendNotice(ctx: Context, needs: NotificationNeeds, delivery: Delivery, notice: Notice): Promise<void> {
  const rule = recipientRule(notice.event);
  if (!rule) return;
  const template = notice.templates.map((name) => `notification/${name}.eml`).find((name) => needs.templates.has(name));
  if (template === undefined) {
    ctx.log.warn({ event: notice.event }, 'notification has no template in the theme');
    return;
  }
  const broker = await getProfileView(ctx.db, ctx.site.broker_id);
  const recipients = await loadRecipients(ctx, notice, rule, broker);
  const origin = await findMailOrigin(ctx, notice, {
    is_own: rule.always === true || notice.is_paid === true,
    related: recipients.related,
    trusted: [broker.email, needs.from],
  });
  for (const { key, to, bcc, instead, answered_by } of messagesOf(delivery, notice, rule, recipients, broker)) {
    if (to.length + bcc.length === 0) continue;
    const reply_to = chooseReplyTo(answered_by, [...to, ...bcc], needs.from);
    const takes_replies = reply_to !== null || broker.email.toLowerCase() === needs.from.toLowerCase();
    await needs.mailer.send({
      key,
      event: notice.event,
      to,
      bcc,
      instead,
      reply_to,
      origin,
      render: (has_unknown_recipient) =>
        needs.templates.renderMail(template, {
          ...presentSite(ctx, notice, broker),
          reply_to,
          takes_replies,
          ...presentFor(notice, origin, has_unknown_recipient),
        }),
    });
  }
}

/**
 * Returns the copy for managers of the other side, then the message to the first recipient. Either may have no reader.
 */
function messagesOf(
  delivery: Delivery,
  notice: Notice,
  rule: RecipientRule,
  { to, bcc, other_side, instead }: LoadedRecipients,
  broker: ProfileView,
) {
  const key = `event-${delivery.id}`;
  return [
    {
      key: `${key}-copy`,
      to: [],
      bcc: other_side,
      instead: [],
      answered_by: [addressOf(notice, rule.to, broker), broker.email],
    },
    { key, to, bcc, instead, answered_by: replyCandidates(notice, rule, broker) },
  ];
}

/**
 * An invitation is the first contact of its sender, so its texts are plain also for a reader with a verified address.
 */
function presentFor(notice: Notice, origin: MailOrigin, has_unknown_recipient: boolean): Record<string, unknown> {
  const data = presentNotice(notice);
  return has_unknown_recipient || origin.kind === 'invitation' ? withPlainTexts(data) : data;
}
