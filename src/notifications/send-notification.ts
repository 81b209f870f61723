import type { Context } from '#platform/context';
import type { Delivery, Subscriber } from '#platform/jobs/events';
import type { AdmittedMail, Mailer, MailRequest } from '#platform/mail/mail';
import type { MailOrigin } from '#platform/mail/mail-gate';
import type { Templates } from '#platform/templates/templates';
import type { ProfileView } from '#profiles';
import type { Composer, ReadEvent } from './composer.ts';
import { composers } from './composers.ts';
import {
  addressOf,
  type LoadedRecipients,
  loadReaders,
  profileOf,
  type Readers,
  replyCandidates,
  type RuledNotice,
} from './load-recipients.ts';
import { mailOriginOf } from './mail-origin.ts';
import type { Notice } from './notice.ts';
import { loadParties, type Parties } from './parties.ts';
import { isolateTexts, withPlainTexts } from './plain-text.ts';
import { chooseReplyTo, type Party, type RecipientRule, recipientRule } from './recipients.ts';
import { mailReader, presentNotice, presentSite } from './template-data.ts';

export interface NotificationNeeds {
  mailer: Pick<Mailer, 'findVerified' | 'admit'>;
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
    async prepare(ctx, deliveries) {
      const prepared = await prepareMails(ctx, needs, byName, deliveries);
      return {
        async handle({ id }) {
          const mails = prepared.get(id) ?? [];
          if (mails instanceof Error) throw mails;
          await sendInOrder(mails);
        },
        async release({ id }) {
          const mails = prepared.get(id) ?? [];
          if (!(mails instanceof Error)) await Promise.all(mails.map((mail) => mail.release()));
        },
      };
    },
  };
}

/** Sends the messages of an event. Those after one that fails are not sent, and not counted. */
async function sendInOrder(mails: readonly AdmittedMail[]): Promise<void> {
  for (const [index, mail] of mails.entries()) {
    try {
      await mail.send();
    } catch (error) {
      await Promise.all(mails.slice(index + 1).map((unsent) => unsent.release()));
      throw error;
    }
  }
}

interface AddressedNotice extends RuledNotice {
  delivery: Delivery;
  /** Name of the template in the theme. */
  template: string;
}

/**
 * Composes and addresses the messages of a batch, and passes them through the mail gate. What they need is loaded for
 * all of them together. Returns the messages of each event, or its error.
 */
async function prepareMails(
  ctx: Context,
  needs: NotificationNeeds,
  byName: ReadonlyMap<string, Composer>,
  deliveries: readonly Delivery[],
): Promise<Map<number, AdmittedMail[] | Error>> {
  const prepared = new Map<number, AdmittedMail[] | Error>();
  /** Runs a step of one event; an error is that of the event alone. */
  const attempt = <T>({ id }: Delivery, step: () => T): T | null => {
    try {
      return step();
    } catch (error) {
      prepared.set(id, error instanceof Error ? error : new Error(String(error)));
      return null;
    }
  };
  const events = deliveries.flatMap((delivery): { delivery: Delivery; event: ReadEvent }[] => {
    const event = attempt(delivery, () => byName.get(delivery.name)?.read(delivery.payload));
    return event ? [{ delivery, event }] : [];
  });
  if (events.length === 0) return prepared;
  const found = await loadParties(
    ctx,
    events.map(({ event }) => event.parties),
  );
  const notices = events.flatMap(({ delivery, event }) => {
    const notice = attempt(delivery, () => event.compose(found));
    return notice ? addressNotice(ctx, needs, delivery, notice) : [];
  });
  if (notices.length === 0) return prepared;

  const readers = await loadReaders(ctx, needs.mailer, notices, found);
  const requests = notices.flatMap((notice) =>
    endingsOf(ctx, needs, notice, readers, found).map((request) => ({ id: notice.delivery.id, request })),
  );
  const admitted = await needs.mailer.admit(
    requests.map(({ request }) => request),
    readers.verified,
  );
  for (const [index, { id }] of requests.entries()) {
    const mail = admitted[index];
    const mails = prepared.get(id) ?? [];
    if (mail && !(mails instanceof Error)) prepared.set(id, [...mails, mail]);
  }
  return prepared;
}

/** Returns the notice with its rule and template; none if it has no rule, or the theme has no template. */
function addressNotice(
  ctx: Context,
  { templates }: NotificationNeeds,
  delivery: Delivery,
  notice: Notice,
): AddressedNotice[] {
  const rule = recipientRule(notice.event);
  if (!rule) return [];
  const template = notice.templates.map((name) => `notification/${name}.eml`).find((name) => templates.has(name));
  if (template !== undefined) return [{ delivery, notice, rule, template }];
  ctx.log.warn({ event: notice.event }, 'notification has no template in the theme');
  return [];
}

/**
 * Returns the messages of a notice to its recipients. The key of a message names the delivery, so that a repeated
 * delivery is deduplicated.
 */
function endingsOf(
  ctx: Context,
  needs: NotificationNeeds,
  { delivery, notice, rule, template }: AddressedNotice,
  readers: Readers,
  found: Parties,
): MailRequest[] {
  const { broker } = found;
  const recipients = readers.recipientsOf({ notice, rule });
  const sender_id = notice.originator?.id ?? null;
  const origin = mailOriginOf(notice, {
    is_own: rule.always === true || notice.is_paid === true,
    is_seller: sender_id !== null && found.isSeller(sender_id),
    related: recipients.related,
    trusted: [broker.email, needs.from],
  });
  const messages = messagesOf(delivery, notice, rule, recipients, broker);
  return messages.flatMap(({ key, to, bcc, instead, answered_by, profile }): MailRequest[] => {
    if (to.length + bcc.length === 0) return [];
    const reply_to = chooseReplyTo(answered_by, [...to, ...bcc], needs.from);
    const takes_replies = reply_to !== null || broker.email.toLowerCase() === needs.from.toLowerCase();
    const render = (has_unknown_recipient: boolean) =>
      needs.templates.renderMail(
        template,
        isolateTexts({
          ...presentSite(ctx, notice, broker),
          reply_to,
          takes_replies,
          reader: mailReader(profile),
          ...presentFor(notice, origin, has_unknown_recipient),
        }),
      );
    return [{ key, event: notice.event, to, bcc, instead, reply_to, origin, render }];
  });
}

/**
 * Returns the copy for managers of the other side, then the message to the first recipient, each with the profile that
 * reads it. Either may have no reader.
 */
function messagesOf(
  delivery: Delivery,
  notice: Notice,
  rule: RecipientRule,
  { to, bcc, other_side, instead }: LoadedRecipients,
  broker: ProfileView,
) {
  const key = `event-${delivery.id}`;
  const [other_party = rule.to] = rule.managers_of.filter((party) => party !== rule.to);
  const profileFor = (party: Party) => profileOf(notice, party, broker) ?? notice.parties.profile;
  return [
    {
      key: `${key}-copy`,
      to: [],
      bcc: other_side,
      instead: [],
      answered_by: [addressOf(notice, rule.to, broker), broker.email],
      profile: profileFor(other_party),
    },
    { key, to, bcc, instead, answered_by: replyCandidates(notice, rule, broker), profile: profileFor(rule.to) },
  ];
}

/**
 * An invitation is the first contact of its sender, so its texts are plain also for a reader with a verified address.
 */
function presentFor(notice: Notice, origin: MailOrigin, has_unknown_recipient: boolean): Record<string, unknown> {
  const data = presentNotice(notice);
  return has_unknown_recipient || origin.kind === 'invitation' ? withPlainTexts(data) : data;
}
