import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { NullableString } from '#platform/http/schemas';
import { multiline } from '#platform/pages/forms/fields';
import { defineForm, form_view } from '#platform/pages/forms/form';
import { defineListPage } from '#platform/pages/lists/list-declaration';
import { ListViewPart } from '#platform/pages/lists/list-view-schema';
import { linkAction, RowActionPart } from '#platform/pages/lists/row-actions';
import { sampleList } from '#platform/pages/lists/sample-list';
import { longText, rightToLeftText, unbrokenText } from '#platform/pages/pieces/hostile-text';
import { sampleProvider } from '../page-schemas.ts';
import { NOTE_LENGTH_MAX } from './schemas.ts';

export const noteForm = defineForm({
  text: multiline({
    label: 'Note',
    length_max: NOTE_LENGTH_MAX,
    help: 'Only the managers and contributors of your organization and of the site read it.',
  }),
});

/** The notes about one subscriber. */
export const notesList = defineListPage({
  noun: ['note', 'notes'],
  search: 'Text or author',
  columns: { created_at: { label: 'Date', descending: true } },
  order: '-created_at',
  dates: 'Date',
});

const Frame = {
  /** The provider. */
  profile: Type.Object({ slug: Type.String(), printable_name: Type.String() }),
  nav_as: Type.Object({ profile: Type.String(), current: Type.String() }),
  crumbs: Type.Array(Type.Object({ label: Type.String(), href: Type.String() })),
  subscriber: Type.String(),
};

const NotePart = Type.Object({
  text: Type.String(),
  author: NullableString,
  created_at: Type.String(),
  /** Instant of the last change of the text; null if it never changed. */
  changed_at: NullableString,
  actions: Type.Array(RowActionPart),
});

const context = { locale: 'en', timezone: 'America/Los_Angeles' };
const frame = {
  profile: sampleProvider,
  nav_as: { profile: 'cowork', current: '/profile/cowork/subscribers/' },
  crumbs: [
    { label: 'Subscribers', href: '/profile/cowork/subscribers/' },
    { label: 'Xia Lee', href: '/profile/xia/contact/' },
  ],
  subscriber: 'Xia Lee',
};
const address = '/profile/cowork/notes/xia/';
const note = {
  text: 'Asked for a desk by the window.\nCall again in spring.',
  author: 'Donny Cooper',
  created_at: '2026-11-20T10:00:00.000Z',
  changed_at: null,
  actions: [linkAction('Change', `${address}7/`), linkAction('Delete', `${address}7/delete/`, { is_danger: true })],
};
const csv_path = `${address}download/`;
const typical = {
  ...frame,
  may_edit: true,
  notes: [note, { ...note, text: 'Paid by bank transfer once.', changed_at: '2026-11-21T09:00:00.000Z' }],
  list: sampleList(notesList, address, { count: 2, csv_path }),
  ...noteForm.view({}, context),
};

export const notesPage = definePage(
  'saas/profile/subscriber_notes.html',
  Type.Object({
    ...Frame,
    /** True if the reader may write. */
    may_edit: Type.Boolean(),
    notes: Type.Array(NotePart),
    list: ListViewPart,
    ...form_view,
  }),
  {
    typical,
    empty: { ...typical, notes: [], list: sampleList(notesList, address, { count: 0 }) },
    nothing_found: { ...typical, notes: [], list: sampleList(notesList, `${address}?q=harbour`, { count: 0 }) },
    read_only: { ...typical, may_edit: false, notes: [{ ...note, actions: [] }] },
    error: { ...typical, errors: { text: ['This field may not be blank.'] }, error_count: 1 },
    long: {
      ...typical,
      subscriber: longText,
      notes: [
        { ...note, text: unbrokenText, author: longText },
        { ...note, text: rightToLeftText, author: null },
      ],
    },
  },
  { as: 'provider' },
);

const one = { ...frame, back_url: address, ...noteForm.view({ text: note.text }, context) };

/** The form of one note. */
export const notePage = definePage(
  'saas/profile/subscriber_note.html',
  Type.Object({ ...Frame, back_url: Type.String(), ...form_view }),
  {
    typical: one,
    error: { ...one, form: { text: '' }, errors: { text: ['This field may not be blank.'] }, error_count: 1 },
    long: { ...one, subscriber: rightToLeftText, ...noteForm.view({ text: unbrokenText }, context) },
  },
  { as: 'provider' },
);
