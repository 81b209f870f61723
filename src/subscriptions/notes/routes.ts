import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { inputProblems } from '#kernel/problem';
import { listProblems } from '#platform/db/list';
import type { App } from '#platform/http/app';
import { putAndPatch } from '#platform/http/put-and-patch';
import { listQuerystring } from '#platform/http/schemas';
import { quotaProblems } from '#platform/security/quota';
import { findProfileBySlug } from '#profiles';
import { subscriptionProblems } from '../problems.ts';
import { getSubjectId } from '../route-subject.ts';
import { findNotePlace, listNotes, noteList, type NotePlace } from './note-store.ts';
import { NoteBody, noteIdOf, NotePage, NoteParams, NoteSchema, NotesParams, presentNote } from './schemas.ts';
import { addNote, changeNote, getNote, removeNote } from './write-note.ts';

const access = { kind: 'direct' } as const;
const tags = ['subscriptions'];
const { never_subscribed, note_unknown } = subscriptionProblems;
const of_subscriber = '/api/profile/:profile/notes/:subscriber';
const of_note = `${of_subscriber}/:note`;

/** The notes of a provider about its subscribers. Managers write them, contributors read them. */
export function noteRoutes(app: App): void {
  app.get(
    of_subscriber,
    {
      config: { access, problems: [never_subscribed, listProblems.page_out_of_range] },
      schema: {
        tags,
        summary: 'Lists the notes about a subscriber',
        description:
          'Lists the notes of a provider about a profile that has or had a subscription to one of its plans, newest first. The subscriber and other providers cannot read them.',
        params: NotesParams,
        querystring: listQuerystring(noteList),
        response: { 200: NotePage },
      },
    },
    async (request) => {
      const { ctx, params, subject } = request;
      const place = await findNotePlace(ctx.db, getSubjectId(subject), params.subscriber);
      if (!place) throw never_subscribed();
      const page = await listNotes(request.ctx.db, place, request.list(), request.listUrl);
      return { ...page, results: page.results.map(presentNote) };
    },
  );
  app.post(
    of_subscriber,
    {
      config: { access, problems: [never_subscribed, inputProblems.invalid_input, quotaProblems.quota_exceeded] },
      schema: {
        tags,
        summary: 'Adds a note about a subscriber',
        description: 'Adds a note of the provider about a subscriber, with the caller as its author.',
        params: NotesParams,
        body: NoteBody,
        response: { 201: NoteSchema },
      },
    },
    async (request, reply) => {
      const place = await findPlace(request, request.params.subscriber);
      return reply.status(201).send(presentNote(await addNote(request.ctx, place, request.body.text)));
    },
  );
  oneNoteRoutes(app);
}

function oneNoteRoutes(app: App): void {
  putAndPatch(
    app,
    of_note,
    {
      config: { access, problems: [never_subscribed, note_unknown, inputProblems.invalid_input] },
      schema: {
        tags,
        summary: 'Changes a note about a subscriber',
        description: 'Replaces the text of a note. Its author and its first instant stay.',
        params: NoteParams,
        body: NoteBody,
        response: { 200: NoteSchema },
      },
    },
    async (request) => {
      const { ctx, params, body } = request;
      const place = await findPlace(request, params.subscriber);
      const id = noteIdOf(params);
      const { text } = body;
      return presentNote(
        text === undefined ? await getNote(ctx.db, place, id) : await changeNote(ctx, place, id, text),
      );
    },
  );
  app.delete(
    of_note,
    {
      config: { access, problems: [never_subscribed, note_unknown] },
      schema: {
        tags,
        summary: 'Deletes a note about a subscriber',
        description: 'Deletes a note. It cannot be restored.',
        params: NoteParams,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const place = await findPlace(request, request.params.subscriber);
      await removeNote(request.ctx, place, noteIdOf(request.params));
      return reply.status(204).send(null);
    },
  );
}

/** Finds the subscriber in the path. @throws never_subscribed (404) without such a profile */
export async function findPlace({ ctx, subject }: FastifyRequest, slug: string): Promise<NotePlace> {
  const subscriber = await findProfileBySlug(ctx.db, slug);
  if (!subscriber) throw never_subscribed();
  return { provider_id: getSubjectId(subject), profile_id: subscriber.id };
}
