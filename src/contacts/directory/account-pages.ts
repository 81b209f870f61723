import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseListQuery } from '#kernel/page';
import { commonProblems } from '#kernel/problem';
import { Type } from 'typebox';
import { mergeReads } from '#platform/db/merge-reads';
import type { App } from '#platform/http/app';
import { paths } from '#platform/http/paths';
import { SlugParam } from '#platform/http/schemas';
import type { Fact } from '#platform/pages/details/fact';
import { type Candidate, chooseOne, pickCandidate } from '#platform/pages/forms/candidates';
import type { Refusal } from '#platform/pages/forms/form';
import { backToList } from '#platform/pages/lists/list-address';
import { findProfileBySlug, findProfileViews, isBrokerManager, profileName, type ProfileView } from '#profiles';
import { findProfileNotes, type ProfileNote } from '../activity-store.ts';
import { addActivity } from '../add-activity.ts';
import { listPeople } from '../directory-store.ts';
import { describeProfile } from './describe-profile.ts';
import { accountNoteForm, note_context } from './note-form.ts';
import { accountPage } from './page-types.ts';

const params = Type.Object({ account: SlugParam });

/** The file of a profile: facts, links to its pages, and the notes of the broker. */
export function accountPages(app: App): void {
  const config = { access: { kind: 'broker' }, page: true, problems: [commonProblems.not_found] } as const;
  const options = { config, schema: { params, hide: true } } as const;
  app.get('/activities/accounts/:account/', options, async (request, reply) =>
    show(request, reply, request.params.account),
  );
  app.post('/activities/accounts/:account/', options, async (request, reply) => {
    const { ctx, body, params: asked } = request;
    try {
      const { text } = accountNoteForm.read(body, note_context);
      const picked = await pickCandidate(body, 'person', (part) => findPeople(request, part));
      if ('candidates' in picked) {
        const refusal = accountNoteForm.refuse(chooseOne('person', picked.candidates.length), body);
        return await show(request, reply, asked.account, refusal, picked.candidates);
      }
      const profile = await findProfileBySlug(ctx.db, asked.account);
      if (!profile) throw commonProblems.not_found();
      await addActivity(ctx, picked.value, { text, account: profile.slug });
    } catch (error) {
      return show(request, reply, asked.account, accountNoteForm.refuse(error, body));
    }
    reply.flash('success', 'The note was added.');
    return reply.redirect(`${paths.accounts(asked.account)}${request.listUrl.search}`, 303);
  });
}

/** Finds users and contacts by a part of a name. */
async function findPeople({ ctx, listUrl }: FastifyRequest, part: string): Promise<Candidate[]> {
  const list = parseListQuery({ q: part, page_size: '5' }, () => null);
  const page = await listPeople(ctx.db, list, listUrl, null);
  return page.results.map(({ slug, full_name }) => ({ value: slug, label: full_name || slug, note: slug }));
}

async function show(
  request: FastifyRequest,
  reply: FastifyReply,
  slug: string,
  refusal: Refusal | null = null,
  found: readonly Candidate[] = [],
): Promise<FastifyReply> {
  const { ctx, subject } = request;
  const profile = await findProfileBySlug(ctx.db, slug);
  if (!profile?.is_active) throw commonProblems.not_found();
  const [views, notes] = await mergeReads(ctx.db, [
    (reader) => findProfileViews(reader, [profile.id]),
    (reader) => findProfileNotes(reader, profile.id),
  ]);
  const view = views.get(profile.id);
  if (!view) throw commonProblems.not_found();
  const person = view.person?.username ?? '';
  const data = {
    name: profileName(view),
    picture: view.picture,
    kind: describeProfile(view),
    crumbs: [{ label: 'Profiles', href: backToList(request, paths.accounts()) }],
    facts: factsOf(view),
    links: linksOf(view),
    notes: notes.map(presentNote),
    may_edit: isBrokerManager(subject),
    ...accountNoteForm.view({ person }, note_context, refusal),
    candidates: found.length === 0 ? {} : { person: found.map((each) => ({ ...each })) },
  };
  return reply.page(accountPage, data, refusal?.status ?? 200);
}

function presentNote({ created_at, text, author_full_name, author_username, ...note }: ProfileNote) {
  return {
    at: created_at.toISOString(),
    author: author_full_name || author_username,
    text,
    about: { label: note.contact_full_name || note.contact_slug, href: paths.contacts(note.contact_slug) },
  };
}

function factsOf(view: ProfileView): Fact[] {
  const place = [view.street_address, view.locality, view.region, view.postal_code, view.country];
  return [
    { label: 'Short name', value: view.slug, code: true },
    { label: 'E-mail address', value: view.email },
    { label: 'Phone', value: view.phone },
    { label: 'Address', value: place.filter((part) => part !== '').join(', ') },
    { label: 'Time zone', value: view.default_timezone },
    { label: 'Buys for groups', value: view.is_bulk_buyer ? 'yes' : 'no' },
    { label: 'Since', at: view.created_at.toISOString() },
  ];
}

function linksOf({ slug, person }: ProfileView): { label: string; href: string }[] {
  return [
    ...(person === null ? [] : [{ label: 'File of the person', href: paths.contacts(person.username) }]),
    { label: 'People and roles', href: paths.roles(slug) },
    { label: 'Subscriptions', href: paths.subscriptions(slug) },
    { label: 'Plan and billing', href: paths.history(slug) },
    { label: 'Profile', href: paths.profile(slug) },
  ];
}
