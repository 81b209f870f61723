import type { FastifyReply, FastifyRequest } from 'fastify';
import { findUserByUsername, presentUser, type UserDetail } from '#accounts';
import { parseListQuery } from '#kernel/page';
import type { App } from '#platform/http/app';
import { mergeReads } from '#platform/db/merge-reads';
import { paths } from '#platform/http/paths';
import type { Fact } from '#platform/pages/details/fact';
import { type Candidate, chooseOne, pickCandidate } from '#platform/pages/forms/candidates';
import type { Refusal } from '#platform/pages/forms/form';
import { backToList } from '#platform/pages/lists/list-address';
import { isBrokerManager, listProfiles, profileName } from '#profiles';
import { addActivity } from '../add-activity.ts';
import { listNotes } from '../get-contact-by-name.ts';
import { presentActivities } from '../present-activity.ts';
import { findLead } from '../present-lead.ts';
import { contactProblems } from '../problems.ts';
import { type ActivityBody, UserParams } from '../schemas.ts';
import { note_context, personNoteForm } from './note-form.ts';
import { personPage } from './page-types.ts';

/** The file of a user or a contact: facts, links to pages of the user, and the notes of the broker. */
export function personPages(app: App): void {
  const config = { access: { kind: 'broker' }, page: true, problems: [contactProblems.contact_unknown] } as const;
  const options = { config, schema: { params: UserParams, hide: true } } as const;
  app.get('/activities/contacts/:user/', options, async (request, reply) => show(request, reply, request.params.user));
  app.post('/activities/contacts/:user/', options, async (request, reply) => {
    const { ctx, body, params } = request;
    try {
      const { text } = personNoteForm.read(body, note_context);
      const picked = await pickCandidate(body, 'account', (part) => findProfiles(request, part));
      if ('candidates' in picked) {
        const refusal = personNoteForm.refuse(chooseOne('account', picked.candidates.length), body);
        return await show(request, reply, params.user, refusal, picked.candidates);
      }
      await addActivity(ctx, params.user, { text, account: picked.value === '' ? null : picked.value });
    } catch (error) {
      return show(request, reply, params.user, personNoteForm.refuse(error, body));
    }
    reply.flash('success', 'The note was added.');
    return reply.redirect(`${paths.contacts(params.user)}${request.listUrl.search}`, 303);
  });
}

/** Finds profiles by a part of a name. */
async function findProfiles({ ctx, listUrl }: FastifyRequest, part: string): Promise<Candidate[]> {
  const list = parseListQuery({ q: part, page_size: '5' }, () => null);
  const page = await listProfiles(ctx.db, { include_inactive: false }, list, listUrl);
  return page.results.map((profile) => ({ value: profile.slug, label: profileName(profile), note: profile.slug }));
}

async function show(
  request: FastifyRequest,
  reply: FastifyReply,
  name: string,
  refusal: Refusal | null = null,
  found: readonly Candidate[] = [],
): Promise<FastifyReply> {
  const { ctx, listUrl, subject } = request;
  const newest_first = parseListQuery({ o: ['-created_at'], page_size: '100' }, () => null);
  const [user, lead, page] = await mergeReads(ctx.db, [
    (reader) => findUserByUsername(reader, name),
    (reader) => findLead(reader, name),
    (reader) => listNotes(reader, name, newest_first, listUrl),
  ]);
  const person = user ? presentUser(user) : lead;
  if (person === null) throw contactProblems.contact_unknown();
  const notes = await presentActivities(ctx.db, page.results);
  const data = {
    name: person.full_name || person.printable_name,
    picture: person.picture,
    kind: user ? 'Account' : 'Contact',
    crumbs: [{ label: 'People', href: backToList(request, paths.contacts()) }],
    facts: factsOf(person, user !== undefined),
    links: user ? linksOf(user.username) : [],
    notes: notes.map(presentNote),
    may_edit: isBrokerManager(subject),
    ...personNoteForm.view({}, note_context, refusal),
    candidates: found.length === 0 ? {} : { account: found.map((each) => ({ ...each })) },
  };
  return reply.page(personPage, data, refusal?.status ?? 200);
}

function presentNote({ created_at, created_by, text, account }: ActivityBody) {
  return {
    at: created_at,
    author: created_by?.printable_name ?? null,
    text,
    about: account && { label: account.printable_name, href: paths.accounts(account.slug) },
  };
}

function factsOf(person: UserDetail, has_login: boolean): Fact[] {
  const contact: Fact[] = [
    { label: has_login ? 'User name' : 'Short name', value: person.username, code: true },
    { label: 'E-mail address', value: person.email },
    { label: 'Phone', value: person.phone },
    { label: 'Nickname', value: person.nick_name },
    { label: 'Language', value: person.lang },
    { label: 'Since', at: person.created_at },
  ];
  if (!has_login) return contact;
  return [
    ...contact,
    { label: 'Password', value: person.credentials ? 'set' : 'not set' },
    { label: 'Second factor', value: person.otp_enabled ? 'on' : 'off' },
    { label: 'Last sign-in', at: person.last_login },
  ];
}

function linksOf(username: string): { label: string; href: string }[] {
  return [
    { label: 'Connected profiles', href: paths.userRoles(username) },
    { label: 'Personal profile', href: paths.accounts(username) },
  ];
}
