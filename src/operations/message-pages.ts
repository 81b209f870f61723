import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import {
  getParkedMessage,
  ignoreMessage,
  listParkedMessages,
  type ParkedMessage,
  paymentsProblems,
  retryMessage,
} from '#payments';
import type { App } from '#platform/http/app';
import { problemToForm, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import type { Refusal } from '#platform/pages/forms/form';
import { askList } from '#platform/pages/lists/ask-list';
import { backToList } from '#platform/pages/lists/list-address';
import { viewList } from '#platform/pages/lists/list-view';
import { linkAction, postAction } from '#platform/pages/lists/row-actions';
import { isBrokerManager } from '#profiles';
import { brokerTimezone } from './asked-work.ts';
import { ignoreForm, ignoreMessagePage, messageListPage, messagesPage } from './message-page-types.ts';
import { presentMessage } from './present-work.ts';
import { readTabs } from './work-tabs.ts';

const problems = [paymentsProblems.message_unknown, paymentsProblems.message_not_parked];
const url = '/site/jobs/messages/';

/** The pages of messages of payment processors that could not be handled. */
export function messagePages(app: App): void {
  const config = { access: { kind: 'broker' }, page: true } as const;
  app.get(url, { config, schema: { hide: true } }, async (request, reply) => {
    const { ctx, listUrl, subject } = request;
    const asked = askList(request, messageListPage, await brokerTimezone(ctx));
    const page = await listParkedMessages(ctx.db, asked.list, listUrl);
    const may_edit = isBrokerManager(subject);
    return reply.page(messagesPage, {
      tabs: (await readTabs(ctx.db)).tabs,
      payment_messages: page.results.map((row) => ({
        ...presentMessage(row),
        href: hrefOf(row),
        actions: may_edit
          ? [
              postAction('Retry', { message: row.event_key }),
              linkAction('Ignore…', paths.ignoreMessage(row.event_key), { is_danger: true }),
            ]
          : [],
      })),
      may_edit,
      list: viewList(asked, {
        count: page.count,
        csv_path: paths.parkedMessagesDownload(),
        empty: { title: 'Payment messages will be listed here', text: 'Every message was handled.' },
      }),
    });
  });

  app.post(url, { config: { ...config, problems }, schema: { hide: true } }, async (request, reply) => {
    try {
      await retryMessage(request.ctx, textField(request.body, 'message', 255));
      reply.flash('success', 'The message is handled again in a few seconds.');
    } catch (error) {
      reply.flash('error', problemToForm(error).detail);
    }
    return reply.redirect(backToList(request, paths.parkedMessages()), 303);
  });
  ignorePages(app);
}

function ignorePages(app: App): void {
  const options = {
    config: { access: { kind: 'broker', manages: true }, page: true, problems },
    schema: { hide: true, params: Type.Object({ event_key: Type.String({ minLength: 1, maxLength: 255 }) }) },
  } as const;
  app.get(`${url}:event_key/ignore/`, options, async (request, reply) =>
    showIgnore(request, reply, request.params.event_key),
  );
  app.post(`${url}:event_key/ignore/`, options, async (request, reply) => {
    const { ctx, body, params } = request;
    try {
      const { reason } = ignoreForm.read(body, await formContext(request));
      await ignoreMessage(ctx, params.event_key, reason);
    } catch (error) {
      const refusal = ignoreForm.refuse(error, body);
      if (refusal.status === 400) return showIgnore(request, reply, params.event_key, refusal);
      reply.flash('error', refusal.detail);
      return reply.redirect(paths.parkedMessages(), 303);
    }
    reply.flash('success', 'The message is ignored.');
    return reply.redirect(paths.parkedMessages(), 303);
  });
}

async function showIgnore(
  request: FastifyRequest,
  reply: FastifyReply,
  event_key: string,
  refusal: Refusal | null = null,
): Promise<FastifyReply> {
  const { kind, object_key, reason, received_at } = await getParkedMessage(request.ctx.db, event_key);
  const data = {
    crumbs: [{ label: 'Payment messages', href: paths.parkedMessages() }],
    facts: [
      { label: 'Object', value: `${kind} ${object_key}`, at: null },
      { label: 'Message', value: event_key, at: null },
      { label: 'Problem', value: reason, at: null },
      { label: 'Received', value: null, at: received_at.toISOString() },
    ],
    back_url: paths.parkedMessages(),
    ...ignoreForm.view({}, await formContext(request), refusal),
  };
  return reply.page(ignoreMessagePage, data, refusal?.status ?? 200);
}

async function formContext({ ctx }: FastifyRequest) {
  return { locale: ctx.lang, timezone: await brokerTimezone(ctx) };
}

/** A message about a charge, a refund or a dispute names the charge. */
function hrefOf({ kind, object_key }: ParkedMessage): string | null {
  return kind === 'payout' || kind === 'account' || kind === 'orphan' || kind === 'call'
    ? null
    : `${paths.charges()}?${new URLSearchParams({ q: object_key }).toString()}`;
}
