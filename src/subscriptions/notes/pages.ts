import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '#platform/http/app';
import { paths } from '#platform/http/paths';
import { confirmPage } from '#platform/pages/forms/confirm-page';
import type { Refusal } from '#platform/pages/forms/form';
import { askList } from '#platform/pages/lists/ask-list';
import type { CsvColumn } from '#platform/pages/lists/csv-cell';
import { csvOf } from '#platform/pages/lists/csv-of';
import { viewList } from '#platform/pages/lists/list-view';
import { linkAction } from '#platform/pages/lists/row-actions';
import { sendCsv } from '#platform/pages/lists/send-csv';
import { mergeReads } from '#platform/db/merge-reads';
import { findProfileById, findProfileBySlug, type Profile, profileName } from '#profiles';
import { subscriptionProblems } from '../problems.ts';
import { getSubjectId } from '../route-subject.ts';
import { listNotes, type NotePlace, readNotes, type SubscriberNote } from './note-store.ts';
import { noteForm, notePage, notesList, notesPage } from './page-types.ts';
import { authorOf, noteIdOf, NoteParams, NotesParams } from './schemas.ts';
import { addNote, changeNote, getNote, removeNote, requireSubscriber } from './write-note.ts';

const { never_subscribed, note_unknown } = subscriptionProblems;
const url = '/profile/:profile/notes/:subscriber/';

/** Pages of the notes of a provider about one subscriber. */
export function notePages(app: App): void {
  const config = { access: { kind: 'direct' }, page: true, problems: [never_subscribed] } as const;
  const options = { config, schema: { hide: true, params: NotesParams } } as const;
  app.get(url, options, async (request, reply) => showNotes(request, reply, request.params.subscriber));
  app.post(url, options, async (request, reply) => {
    const { params, body, ctx } = request;
    const { place, provider } = await loadFrame(request, params.subscriber);
    try {
      await addNote(ctx, place, noteForm.read(body, contextOf(request, provider)).text);
    } catch (error) {
      return showNotes(request, reply, params.subscriber, noteForm.refuse(error, body));
    }
    reply.flash('success', 'The note was added.');
    return reply.redirect(paths.subscriberNotes(params.profile, params.subscriber), 303);
  });
  app.get(`${url}download/`, options, async (request, reply) => {
    const { ctx, params } = request;
    const { place, provider } = await loadFrame(request, params.subscriber);
    const asked = askList(request, notesList, provider.default_timezone);
    const batches = () => readNotes(ctx.db, place, asked.list);
    return sendCsv(reply, csvOf(asked, { name: `notes-${params.subscriber}`, columns, batches }));
  });
  oneNotePages(app);
}

function oneNotePages(app: App): void {
  const config = {
    access: { kind: 'direct', manages: true },
    page: true,
    problems: [never_subscribed, note_unknown],
  } as const;
  const options = { config, schema: { hide: true, params: NoteParams } } as const;
  app.get(`${url}:note/`, options, async (request, reply) => showNote(request, reply, request.params));
  app.post(`${url}:note/`, options, async (request, reply) => {
    const { params, body, ctx } = request;
    const { place, provider } = await loadFrame(request, params.subscriber);
    try {
      const { text } = noteForm.read(body, contextOf(request, provider));
      await changeNote(ctx, place, noteIdOf(params), text);
    } catch (error) {
      return showNote(request, reply, params, noteForm.refuse(error, body));
    }
    reply.flash('success', 'The note was saved.');
    return reply.redirect(paths.subscriberNotes(params.profile, params.subscriber), 303);
  });
  app.get(`${url}:note/delete/`, options, async (request, reply) => {
    const { params, ctx } = request;
    const { place, subscriber } = await loadFrame(request, params.subscriber);
    const note = await getNote(ctx.db, place, noteIdOf(params));
    const confirm = {
      title: 'Delete the note',
      subject: `A note about ${profileName(subscriber)}: ${shorten(note.text)}`,
      effect: [{ label: 'The note', value: 'is deleted' }],
      undo: 'This cannot be undone.',
      keep_label: 'Keep the note',
      keep_url: paths.subscriberNotes(params.profile, params.subscriber),
      action_label: 'Delete the note',
      hidden: [],
      typed_name: null,
    };
    return reply.page(confirmPage, { confirm, form: {}, errors: {}, detail: '' });
  });
  app.post(`${url}:note/delete/`, options, async (request, reply) => {
    const { params, ctx } = request;
    const { place } = await loadFrame(request, params.subscriber);
    await removeNote(ctx, place, noteIdOf(params));
    reply.flash('success', 'The note was deleted.');
    return reply.redirect(paths.subscriberNotes(params.profile, params.subscriber), 303);
  });
}

interface Frame {
  place: NotePlace;
  provider: Profile;
  subscriber: Profile;
}

/** @throws never_subscribed (404) */
async function loadFrame({ ctx, subject }: FastifyRequest, slug: string): Promise<Frame> {
  const provider_id = getSubjectId(subject);
  const [provider, subscriber] = await mergeReads(ctx.db, [
    (reader) => findProfileById(reader, provider_id),
    (reader) => findProfileBySlug(reader, slug),
  ]);
  if (!provider || !subscriber) throw never_subscribed();
  const place = { provider_id, profile_id: subscriber.id };
  await requireSubscriber(ctx.db, place);
  return { place, provider, subscriber };
}

function contextOf({ ctx }: FastifyRequest, provider: Profile) {
  return { locale: ctx.lang, timezone: provider.default_timezone };
}

function viewFrame({ provider, subscriber }: Frame) {
  const current = paths.subscribers(provider.slug);
  return {
    profile: { slug: provider.slug, printable_name: profileName(provider) },
    nav_as: { profile: provider.slug, current },
    crumbs: [
      { label: 'Subscribers', href: current },
      { label: profileName(subscriber), href: paths.profile(subscriber.slug) },
    ],
    subscriber: profileName(subscriber),
  };
}

async function showNotes(
  request: FastifyRequest,
  reply: FastifyReply,
  slug: string,
  refusal: Refusal | null = null,
): Promise<FastifyReply> {
  const { ctx, listUrl, subject } = request;
  const frame = await loadFrame(request, slug);
  const { place, provider, subscriber } = frame;
  const asked = askList(request, notesList, provider.default_timezone);
  const page = await listNotes(ctx.db, place, asked.list, listUrl);
  const own = paths.subscriberNotes(provider.slug, subscriber.slug);
  const data = {
    ...viewFrame(frame),
    may_edit: subject.is_manager,
    notes: page.results.map((note) => ({
      text: note.text,
      author: authorOf(note),
      created_at: note.created_at.toISOString(),
      changed_at: note.updated_at > note.created_at ? note.updated_at.toISOString() : null,
      actions: subject.is_manager
        ? [
            linkAction('Change', `${own}${note.id}/`),
            linkAction('Delete', `${own}${note.id}/delete/`, { is_danger: true }),
          ]
        : [],
    })),
    list: viewList(asked, {
      count: page.count,
      empty: { title: 'Notes will be listed here', text: 'None was written yet.' },
      csv_path: `${own}download/`,
    }),
    ...noteForm.view({}, contextOf(request, provider), refusal),
  };
  return reply.page(notesPage, data, refusal?.status ?? 200);
}

async function showNote(
  request: FastifyRequest,
  reply: FastifyReply,
  params: { subscriber: string; note: string },
  refusal: Refusal | null = null,
): Promise<FastifyReply> {
  const frame = await loadFrame(request, params.subscriber);
  const { text } = await getNote(request.ctx.db, frame.place, noteIdOf(params));
  const data = {
    ...viewFrame(frame),
    back_url: paths.subscriberNotes(frame.provider.slug, frame.subscriber.slug),
    ...noteForm.view({ text }, contextOf(request, frame.provider), refusal),
  };
  return reply.page(notePage, data, refusal?.status ?? 200);
}

function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200).toWellFormed()}…` : text;
}

/** @see docs/decisions/0064-downloads-of-lists.md */
const columns: readonly CsvColumn<SubscriberNote>[] = [
  { heading: 'Created at', kind: 'day', value: ({ created_at }) => created_at },
  { heading: 'Author', kind: 'text', value: (note) => authorOf(note) ?? '' },
  { heading: 'Note', kind: 'text', value: ({ text }) => text },
];
