import { type Static, Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { candidates_part } from '#platform/pages/forms/candidates';
import { form_view } from '#platform/pages/forms/form';
import { defineListPage } from '#platform/pages/lists/list-declaration';
import { ListViewPart } from '#platform/pages/lists/list-view-schema';
import { sampleList } from '#platform/pages/lists/sample-list';
import { form_parts, organizationDetailSample, unrefused_form } from '../page-parts.ts';
import { ProfileDetailSchema } from '../schemas.ts';
import { inviteForm } from './invite-form.ts';
import { RolePage } from './schemas.ts';

const RoleTypePart = Type.Object({ slug: Type.String(), title: Type.String() });

/** The list of the people of a profile; its sort fields are those of roles. */
export const memberList = defineListPage({
  noun: ['person', 'people'],
  search: 'Name, e-mail address or role',
  columns: {
    full_name: { label: 'Name' },
    role__title: { label: 'Role' },
    created_at: { label: 'Since', descending: true },
  },
  dates: 'Since',
  filters: { status: { kind: 'choice', label: 'State' } },
});

export const role_status_options = [
  { value: 'active', label: 'Active' },
  { value: 'invited', label: 'Invited' },
  { value: 'requested', label: 'Asked to join' },
] as const;

const member_parts = {
  profile: ProfileDetailSchema,
  may_edit: Type.Boolean(),
  role_types: Type.Array(Type.Object({ slug: Type.String(), title: Type.String(), url: Type.String() })),
  roles: RolePage,
  list: ListViewPart,
  form: Type.Object({ email: Type.String(), full_name: Type.String(), message: Type.String() }),
  fields: form_view.fields,
  ...candidates_part,
  /** Address of the confirmations of removals, without the user name. */
  remove_base: Type.String(),
  /** True if no user has the address of the form: the page asks for a name and a confirmation. */
  unknown: Type.Boolean(),
  ...form_parts,
};

type RoleSample = Static<typeof RolePage>['results'][number];
const created_at = '2026-03-05T10:00:00.000Z';

const manager: RoleSample['role_description'] = {
  created_at,
  slug: 'manager',
  title: 'Manager',
  skip_optin_on_grant: false,
  implicit_create_on_none: false,
  otp_required: false,
  is_global: true,
  profile: null,
  extra: null,
  editable: false,
};

const held: RoleSample = {
  created_at,
  user: {
    slug: 'xia',
    username: 'xia',
    printable_name: 'Xia Lee',
    picture: null,
    email: 'xia@example.com',
    phone: null,
    full_name: 'Xia Lee',
    nick_name: 'Xia',
    lang: 'en',
    credentials: true,
    otp_enabled: false,
    created_at,
    last_login: created_at,
    email_code: null,
    phone_code: null,
  },
  extra: null,
  grant_key: null,
  request_key: null,
  role_description: manager,
  accept_request_api_url: null,
  remove_api_url: 'https://www.example.com/api/profile/acme/roles/manager/xia',
};

const invited: RoleSample = {
  ...held,
  user: { ...held.user, slug: 'joe', username: 'joe', printable_name: 'Joe Card', full_name: 'Joe Card', email: null },
  grant_key: 'a1',
};

const requested: RoleSample = {
  ...held,
  user: { ...held.user, slug: 'ann', username: 'ann', printable_name: 'Ann Boss', full_name: 'Ann Boss' },
  request_key: 'b2',
  role_description: null,
  accept_request_api_url: 'https://www.example.com/api/profile/acme/roles/manager',
};

const no_roles = { invited_count: 0, requested_count: 0, count: 0, next: null, previous: null, results: [] };

const path = '/profile/acme/roles/';
const options = { status: role_status_options };

const typical = {
  profile: organizationDetailSample,
  may_edit: true,
  role_types: [
    { slug: 'contributor', title: 'Contributor', url: '/profile/acme/roles/contributor/' },
    { slug: 'manager', title: 'Manager', url: '/profile/acme/roles/manager/' },
  ],
  roles: { ...no_roles, invited_count: 1, requested_count: 1, count: 3, results: [held, invited, requested] },
  list: sampleList(memberList, path, { count: 3, options }),
  form: { email: '', full_name: '', message: '' },
  fields: inviteForm.view({}, { locale: 'en', timezone: 'UTC' }).fields,
  candidates: {},
  remove_base: '/profile/acme/remove-role/',
  unknown: false,
  ...unrefused_form,
};

const empty_list = sampleList(memberList, path, {
  count: 0,
  empty: { title: 'People with this role will be listed here', text: 'No person has this role yet.' },
});

export const membersPage = definePage('saas/profile/roles/index.html', Type.Object(member_parts), {
  typical,
  read_only: { ...typical, may_edit: false },
  nothing_found: {
    ...typical,
    roles: no_roles,
    list: sampleList(memberList, `${path}?q=harbour&status=invited`, { count: 0, options }),
  },
  empty: { ...typical, role_types: [], roles: no_roles, list: empty_list },
  error: { ...typical, detail: 'A profile must keep at least one manager.' },
});

export const membersOfTypePage = definePage(
  'saas/profile/roles/role.html',
  Type.Object({ ...member_parts, role_descr: RoleTypePart }),
  {
    typical: { ...typical, role_descr: { slug: 'manager', title: 'Manager' } },
    empty: {
      ...typical,
      roles: no_roles,
      list: empty_list,
      role_descr: { slug: 'contributor', title: 'Contributor' },
    },
    candidates: {
      ...typical,
      form: { email: 'xia', full_name: '', message: '' },
      errors: { email: ['Choose one of those found.'] },
      candidates: {
        email: [
          { value: 'xia', label: 'Xia Lee', note: 'xia' },
          { value: 'xiao', label: 'Xiao Wang', note: 'xiao' },
        ],
      },
      role_descr: { slug: 'manager', title: 'Manager' },
    },
    error: {
      ...typical,
      form: { email: 'new@example.com', full_name: '', message: '' },
      unknown: true,
      errors: { full_name: ['This field is required.'] },
      role_descr: { slug: 'manager', title: 'Manager' },
    },
  },
);

export const memberPageTypes = [membersPage, membersOfTypePage] as const;
