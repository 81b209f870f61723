import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ListQuery } from '#kernel/page';
import { askList } from '#platform/pages/lists/ask-list';
import type { CsvColumn } from '#platform/pages/lists/csv-cell';
import { csvOfPages } from '#platform/pages/lists/csv-of';
import { sendCsv } from '#platform/pages/lists/send-csv';
import { listableRoleStatuses, maySeePendingRoles } from '../policy.ts';
import { getProfileView, listRoles, type ProfileView, type RoleType } from '../records/index.ts';
import { getProfileId } from '../subject.ts';
import { memberList, role_status_options } from './page-types.ts';
import { presentRolesByProfile, type RoleByProfileBody } from './present-member.ts';

/**
 * Returns the people of a profile, with all roles or with one, as the address asks for them: `read` reads a page of
 * those that the caller may see, `statuses` are the states that the caller may filter by.
 */
export function listMembers(
  request: FastifyRequest,
  profile: Pick<ProfileView, 'slug' | 'default_timezone'>,
  type: RoleType | null,
) {
  const { ctx, subject, listUrl } = request;
  const on = {
    profile_id: getProfileId(subject),
    role_type_id: type?.id ?? null,
    without_pending: !maySeePendingRoles(subject),
  };
  const asked = askList(request, memberList, profile.default_timezone);
  const statuses = listableRoleStatuses(subject);
  const { status: chosen } = asked.filters;
  const listed = chosen === null ? statuses : statuses.filter((each) => each === chosen);
  const read = async (list: ListQuery) => {
    const page = await listRoles(ctx.db, on, list, listUrl, listed);
    return { ...page, results: await presentRolesByProfile(ctx, profile.slug, page.results, subject) };
  };
  return { asked, statuses, read };
}

/** Sends the people of a profile as CSV, with the filters of their list. */
export async function downloadMembers(
  request: FastifyRequest,
  reply: FastifyReply,
  type: RoleType | null,
): Promise<FastifyReply> {
  const profile = await getProfileView(request.ctx.db, getProfileId(request.subject));
  const { asked, read } = listMembers(request, profile, type);
  return sendCsv(reply, csvOfPages(asked, { name: 'people', columns, read }));
}

const state_labels = new Map<string, string>(role_status_options.map(({ value, label }) => [value, label]));

function stateOf({ grant_key, request_key }: RoleByProfileBody): string | null {
  const state = grant_key !== null ? 'invited' : request_key !== null ? 'requested' : 'active';
  return state_labels.get(state) ?? null;
}

/** @see docs/decisions/0064-downloads-of-lists.md */
const columns: readonly CsvColumn<RoleByProfileBody>[] = [
  { heading: 'Since', kind: 'day', value: ({ created_at }) => new Date(created_at) },
  { heading: 'Name', kind: 'text', value: ({ user }) => user.printable_name },
  { heading: 'Email', kind: 'text', value: ({ user }) => user.email },
  { heading: 'Role', kind: 'text', value: ({ role_description }) => role_description?.title ?? '' },
  { heading: 'State', kind: 'text', value: stateOf },
];
