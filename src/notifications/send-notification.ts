import { printableName, presentUser } from '#accounts';
import type { Context } from '#platform/context';
import type { Delivery, Subscriber } from '#platform/events';
import type { Mailer } from '#platform/mail';
import type { Templates } from '#platform/templates';
import { getProfileView, presentProfileDetail, type ProfileView } from '#profiles';
import { composers } from './compose.ts';
import { addressOf, loadRecipients, replyCandidates } from './load-recipients.ts';
import type { Notice, Originator } from './notice.ts';
import { chooseReplyTo, recipientRule } from './recipients.ts';

export interface NotificationNeeds {
  mailer: Pick<Mailer, 'send'>;
  templates: Pick<Templates, 'has' | 'renderMail'>;
  /** Address that messages come from. */
  from: string;
}

/** Listens to the events of all rooms and mails those who are to be told. */
export function notificationSubscriber(needs: NotificationNeeds): Subscriber {
  return {
    name: 'notifications',
    wants: (event) => composers.has(event),
    handle: (ctx, delivery) => sendNotification(ctx, needs, delivery),
  };
}

/** Mails one event. The message is named after the event, so a second delivery is the same message again. */
async function sendNotification(ctx: Context, needs: NotificationNeeds, delivery: Delivery): Promise<void> {
  const told = await composers.get(delivery.name)?.(ctx, delivery.payload);
  const rule = told && recipientRule(told.event);
  if (!told || !rule) return;
  const template = told.templates.map(templateName).find((name) => needs.templates.has(name));
  if (template === undefined) {
    ctx.log.warn({ event: told.event }, 'there is no template for this notification');
    return;
  }
  const broker = await getProfileView(ctx.db, ctx.site.broker_id);
  const recipients = await loadRecipients(ctx, told, rule, broker);
  const messages = [
    {
      key: `event-${delivery.id}-copy`,
      to: [],
      bcc: recipients.other_side,
      answered_by: [addressOf(told, rule.to, broker), broker.email],
    },
    {
      key: `event-${delivery.id}`,
      to: recipients.to,
      bcc: recipients.bcc,
      answered_by: replyCandidates(told, rule, broker),
    },
  ];
  for (const { key, to, bcc, answered_by } of messages) {
    if (to.length + bcc.length === 0) continue;
    const reply_to = chooseReplyTo(answered_by, [...to, ...bcc], needs.from);
    const takes_replies = reply_to !== null || broker.email.toLowerCase() === needs.from.toLowerCase();
    const data = { ...templateData(ctx, told, broker), reply_to, takes_replies };
    await needs.mailer.send({
      key,
      event: told.event,
      to,
      bcc,
      reply_to,
      ...needs.templates.renderMail(template, data),
    });
  }
}

function templateName(name: string): string {
  return `notification/${name}.eml`;
}

function templateData(ctx: Context, told: Notice, broker: ProfileView): Record<string, unknown> {
  const { user, profile, provider, subscriber } = told.parties;
  return {
    event: told.event,
    lang: user?.lang ?? profile?.person?.lang ?? 'en',
    site: { title: ctx.site.title, origin: ctx.origin },
    broker: presentProfileDetail(broker),
    back_url: told.path === null ? null : `${ctx.origin}${told.path}`,
    originated_by: told.originator && presentOriginator(told.originator),
    errors: [],
    ...(user ? { user: presentUser(user) } : {}),
    ...(profile ? { profile: presentProfileDetail(profile) } : {}),
    ...(provider ? { provider: presentProfileDetail(provider) } : {}),
    ...(subscriber ? { subscriber: presentProfileDetail(subscriber) } : {}),
    ...told.data,
  };
}

function presentOriginator(originator: Originator): Record<string, unknown> {
  if (originator.id === null) return { printable_name: originator.full_name, email: originator.email };
  return { printable_name: printableName(originator), username: originator.username, email: originator.email };
}
