import { Type } from 'typebox';
import { MESSAGE_REASON_LENGTH_MAX } from '#payments';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { NullableString } from '#platform/http/schemas';
import { multiline } from '#platform/pages/forms/fields';
import { defineForm, form_view } from '#platform/pages/forms/form';
import { defineListPage } from '#platform/pages/lists/list-declaration';
import { ListViewPart } from '#platform/pages/lists/list-view-schema';
import { linkAction, postAction, RowActionPart } from '#platform/pages/lists/row-actions';
import { sampleList } from '#platform/pages/lists/sample-list';
import { longText, unbrokenText } from '#platform/pages/pieces/hostile-text';
import { sample_tabs, tabs } from './page-types.ts';
import { ParkedMessageSchema } from './schemas.ts';

/** The list of messages that could not be handled; its sort fields are those of the API. */
export const messageListPage = defineListPage({
  noun: ['message', 'messages'],
  search: 'Object, account, message or reason',
  columns: {
    received_at: { label: 'Received', descending: true },
    parked_at: { label: 'Parked', descending: true },
  },
  order: '-parked_at',
  dates: 'Parked',
});

export const ignoreForm = defineForm({
  reason: multiline({
    label: 'Reason',
    length_max: MESSAGE_REASON_LENGTH_MAX,
    help: 'It is stored with the message and your name.',
  }),
});

const message = {
  event_key: 'evt_1QXAb124EF',
  processor: 'stripe',
  account: '',
  kind: 'charge' as const,
  object: 'ch_XAb124EF',
  href: `${paths.charges()}?q=ch_XAb124EF`,
  reason: 'the charge has an amount that its lines do not have',
  received_at: '2026-11-22T15:12:00.000Z',
  parked_at: '2026-11-23T15:12:00.000Z',
  last_retry: null,
  actions: [
    postAction('Retry', { message: 'evt_1QXAb124EF' }),
    linkAction('Ignore…', paths.ignoreMessage('evt_1QXAb124EF'), { is_danger: true }),
  ],
};
const payoutMessage = {
  ...message,
  kind: 'payout' as const,
  account: 'acct_124',
  object: 'po_124',
  href: null,
  last_retry: { by: 'donny', at: '2026-11-23T14:00:00.000Z' },
};
const messageSample = (url: string, count: number) => sampleList(messageListPage, url, { count });
const messages_url = paths.parkedMessages();

export const messagesPage = definePage(
  'jobs/messages.html',
  Type.Object({
    tabs,
    /** Not `messages`, which are those of the last action. */
    payment_messages: Type.Array(
      Type.Object({
        ...ParkedMessageSchema.properties,
        /** The charge; null for a payout. */
        href: NullableString,
        actions: Type.Array(RowActionPart),
      }),
    ),
    may_edit: Type.Boolean(),
    list: ListViewPart,
  }),
  {
    typical: {
      tabs: sample_tabs,
      payment_messages: [message, payoutMessage],
      may_edit: true,
      list: messageSample(messages_url, 2),
    },
    read_only: {
      tabs: sample_tabs,
      payment_messages: [{ ...message, actions: [] }],
      may_edit: false,
      list: messageSample(messages_url, 1),
    },
    empty: {
      tabs: { ...sample_tabs, messages_count: 0 },
      payment_messages: [],
      may_edit: true,
      list: messageSample(messages_url, 0),
    },
    nothing_found: {
      tabs: sample_tabs,
      payment_messages: [],
      may_edit: true,
      list: messageSample(`${messages_url}?q=harbour`, 0),
    },
    long: {
      tabs: sample_tabs,
      payment_messages: [
        { ...message, object: unbrokenText.slice(0, 100), reason: `${longText} ${unbrokenText}`, account: 'acct_124' },
      ],
      may_edit: true,
      list: messageSample(messages_url, 1),
    },
  },
  { as: 'broker' },
);

const ignored = {
  crumbs: [{ label: 'Payment messages', href: messages_url }],
  facts: [
    { label: 'Object', value: 'charge ch_XAb124EF', at: null },
    { label: 'Message', value: 'evt_1QXAb124EF', at: null },
    { label: 'Problem', value: message.reason, at: null },
    { label: 'Received', value: null, at: message.received_at },
  ],
  back_url: messages_url,
  ...ignoreForm.view({}, { locale: 'en', timezone: 'America/Los_Angeles' }),
};

/** The form that asks why a message is ignored. */
export const ignoreMessagePage = definePage(
  'jobs/ignore_message.html',
  Type.Object({
    crumbs: Type.Array(Type.Object({ label: Type.String(), href: Type.String() })),
    facts: Type.Array(Type.Object({ label: Type.String(), value: NullableString, at: NullableString })),
    back_url: Type.String(),
    ...form_view,
  }),
  {
    typical: ignored,
    error: { ...ignored, errors: { reason: ['This field may not be blank.'] }, error_count: 1 },
    long: { ...ignored, facts: [{ label: 'Problem', value: `${longText} ${unbrokenText}`, at: null }] },
  },
  { as: 'broker' },
);

export const messagePageTypes = [messagesPage, ignoreMessagePage] as const;
