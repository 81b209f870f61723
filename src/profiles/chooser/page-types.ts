import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { form_parts, organizationSample, personalProfileSample, unrefused_form } from '../page-parts.ts';
import { ProfileSummarySchema } from '../schemas.ts';

export const chooserPage = definePage(
  'saas/profile_redirects.html',
  Type.Object({
    /** Profiles on which the user has a role in effect. `location` is the page of the profile. */
    accessibles: Type.Array(
      Type.Object({ ...ProfileSummarySchema.properties, role_title: Type.String(), location: Type.String() }),
    ),
    invitations: Type.Array(
      Type.Object({
        profile: Type.Object({ printable_name: Type.String() }),
        role_description: Type.Object({ title: Type.String() }),
        accept_url: Type.String(),
      }),
    ),
    /** Text that the profiles were searched for. */
    q: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    form: Type.Object({ full_name: Type.String() }),
    /** Action of the form that creates an organization; the URL of the page when absent. */
    create_path: Type.Optional(Type.String()),
    ...form_parts,
  }),
  {
    typical: {
      accessibles: [
        { ...personalProfileSample, role_title: 'Manager', location: '/profile/xia/contact/' },
        { ...organizationSample, role_title: 'Contributor', location: '/profile/acme/contact/' },
      ],
      invitations: [
        {
          profile: { printable_name: 'Coworking Space' },
          role_description: { title: 'Manager' },
          accept_url: '/users/roles/accept/a1/',
        },
      ],
      form: { full_name: '' },
      ...unrefused_form,
    },
    empty: {
      accessibles: [],
      invitations: [],
      form: { full_name: '' },
      create_path: '/profile/?next=/billing/:profile/cart/',
      ...unrefused_form,
    },
    nothing_found: { accessibles: [], invitations: [], q: 'harbour', form: { full_name: '' }, ...unrefused_form },
    error: {
      accessibles: [],
      invitations: [],
      form: { full_name: '' },
      errors: { full_name: ['This field is required.'] },
      detail: '',
    },
  },
);

export const chooserPageTypes = [chooserPage] as const;
