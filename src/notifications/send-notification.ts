import { printableName, presentUser } from '#accounts';
import type { Context } from '#platform/context';
import type { UserId } from '#platform/db/db-schema';
import type { Delivery, Subscriber } from '#platform/jobs/events';
import type { Mailer } from '#platform/mail/mail';
import type { Templates } from '#platform/templates/templates';
import type { MailOrigin } from '#platform/mail/mail-gate';
import { getProfileView, isSeller, presentProfileDetail, type ProfileView } from '#profiles';
import { composers } from './compose.ts';
import { addressOf, loadRecipients, replyCandidates } from './load-recipients.ts';
import type { Notice, Originator } from './notice.ts';
import { withPlainTexts } from './plain-text.ts';
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
  const origin = await originOf(ctx, told, rule.always === true || told.is_paid === true, recipients.related, [
    broker.email,
    needs.from,
  ]);
  const messages = [
    {
      key: `event-${delivery.id}-copy`,
      to: [],
      bcc: recipients.other_side,
      instead: [],
      answered_by: [addressOf(told, rule.to, broker), broker.email],
    },
    {
      key: `event-${delivery.id}`,
      to: recipients.to,
      bcc: recipients.bcc,
      instead: recipients.instead,
      answered_by: replyCandidates(told, rule, broker),
    },
  ];
  for (const { key, to, bcc, instead, answered_by } of messages) {
    if (to.length + bcc.length === 0) continue;
    const reply_to = chooseReplyTo(answered_by, [...to, ...bcc], needs.from);
    const takes_replies = reply_to !== null || broker.email.toLowerCase() === needs.from.toLowerCase();
    await needs.mailer.send({
      key,
      event: told.event,
      to,
      bcc,
      instead,
      reply_to,
      origin,
      render(has_stranger) {
        // An invitation is the first contact of its sender: a verified address makes its reader no acquaintance.
        const isPlain = has_stranger || origin.kind === 'invitation';
        const texts = isPlain ? withPlainTexts(noticeData(told)) : noticeData(told);
        return needs.templates.renderMail(template, {
          ...siteData(ctx, told, broker),
          reply_to,
          takes_replies,
          ...texts,
        });
      },
    });
  }
}

/** Events by which somebody asks the reader for something. */
const invitations = new Set([
  'claim_code_generated',
  'role_grant_created',
  'role_request_created',
  'subscription_grant_created',
  'subscription_request_created',
]);

/** Events about money or a plan: readers who are no strangers receive every one. */
const receipts = new Set([
  'card_expires_soon',
  'card_updated',
  'charge_updated',
  'expires_soon',
  'order_executed',
  'quota_reached',
  'renewal_charge_failed',
  'use_charge_limit_crossed',
]);

function kindOf(event: string, is_own: boolean): MailOrigin['kind'] {
  if (is_own) return 'own';
  if (invitations.has(event)) return 'invitation';
  return receipts.has(event) ? 'receipt' : 'notice';
}

async function originOf(
  ctx: Context,
  told: Notice,
  is_own: boolean,
  related: ReadonlySet<UserId>,
  trusted: readonly string[],
): Promise<MailOrigin> {
  const sender_id = told.originator?.id ?? null;
  const kind = kindOf(told.event, is_own);
  const { profile, provider } = told.parties;
  return {
    kind,
    sender_id,
    is_seller: sender_id !== null && (await isSeller(ctx.db, sender_id, ctx.site.broker_id)),
    profile_id: (kind === 'invitation' ? (provider ?? profile) : profile)?.id ?? null,
    trusted,
    related: kind === 'notice' || kind === 'receipt' ? related : null,
  };
}

function templateName(name: string): string {
  return `notification/${name}.eml`;
}

/** What every template takes and the site itself wrote. */
function siteData(ctx: Context, told: Notice, broker: ProfileView): Record<string, unknown> {
  const { user, profile } = told.parties;
  return {
    event: told.event,
    lang: user?.lang ?? profile?.person?.lang ?? 'en',
    site: { title: ctx.site.title, origin: ctx.origin },
    broker: presentProfileDetail(broker),
    back_url: told.path === null ? null : `${ctx.origin}${told.path}`,
    errors: [],
  };
}

/** What the template of a notice takes; users may have written any text of it. */
function noticeData(told: Notice): Record<string, unknown> {
  const { user, profile, provider, subscriber } = told.parties;
  return {
    originated_by: told.originator && presentOriginator(told.originator),
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
