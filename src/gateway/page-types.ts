import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { NullableString } from '#platform/http/schemas';

/** A page of the theme without data; the front page is one. */
export const themePage = definePage('index.html', Type.Object({}), { typical: {} });

/** Home of a profile, for a site without application. */
export const profileHomePage = definePage(
  'app.html',
  Type.Object({
    profile: Type.Object({ slug: Type.String(), printable_name: Type.String() }),
    subscriptions: Type.Array(
      Type.Object({ plan: Type.Object({ slug: Type.String(), title: Type.String() }), ends_at: Type.String() }),
    ),
  }),
  {
    typical: {
      profile: { slug: 'xia', printable_name: 'Xia Lee' },
      subscriptions: [{ plan: { slug: 'basic', title: 'Basic' }, ends_at: '2026-04-01T00:00:00.000Z' }],
    },
    empty: { profile: { slug: 'xia', printable_name: 'Xia Lee' }, subscriptions: [] },
  },
);

/** Help for managers of the site, at a path that is granted and not forwarded. */
export const applicationHelpPage = definePage(
  'app_proxy_help.html',
  Type.Object({ path: Type.String(), entry_point: NullableString }),
  {
    typical: { path: '/app/xia/reports/', entry_point: 'http://localhost:9000/' },
    unconnected: { path: '/app/xia/reports/', entry_point: null },
  },
);

/** Choice among several profiles of the caller, each with the address of its home. */
export const profileChoicePage = definePage(
  'saas/profile_redirects.html',
  Type.Object({
    accessibles: Type.Array(
      Type.Object({
        slug: Type.String(),
        printable_name: Type.String(),
        type: Type.String(),
        picture: NullableString,
        role_title: Type.String(),
        location: Type.String(),
      }),
    ),
    /** Address of the form that creates an organization. */
    create_path: Type.String(),
    form: Type.Object({}),
    errors: Type.Object({}),
  }),
  {
    typical: {
      accessibles: [
        {
          slug: 'xia',
          printable_name: 'Xia Lee',
          type: 'personal',
          picture: null,
          role_title: 'manager',
          location: '/app/xia/',
        },
        {
          slug: 'acme',
          printable_name: 'Acme',
          type: 'organization',
          picture: null,
          role_title: 'contributor',
          location: '/app/acme/',
        },
      ],
      create_path: '/profile/?next=%2Fapp%2F%3Aprofile%2F',
      form: {},
      errors: {},
    },
  },
);

/** The application did not respond. `entry_point` and `reason` are for managers of the site. */
export const forwardErrorPage = definePage(
  'rules/forward_error.html',
  Type.Object({
    status: Type.Integer(),
    request_id: Type.String(),
    manager_help: Type.Boolean(),
    entry_point: Type.Optional(Type.String()),
    reason: Type.Optional(Type.String()),
  }),
  {
    typical: { status: 503, request_id: '5f0c', manager_help: false },
    manager: {
      status: 504,
      request_id: '5f0c',
      manager_help: true,
      entry_point: 'http://localhost:9000/',
      reason: 'UND_ERR_HEADERS_TIMEOUT',
    },
  },
);

export const gatewayPageTypes = [
  themePage,
  profileHomePage,
  applicationHelpPage,
  profileChoicePage,
  forwardErrorPage,
] as const;
