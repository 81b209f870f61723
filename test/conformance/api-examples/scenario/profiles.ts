import type { ExampleCall } from '../record-examples.ts';

const xia = { profile: 'xia' };

/** A GIF of one pixel; all of its bytes are ASCII. */
const picture = {
  type: 'multipart/form-data; boundary=example',
  text: [
    '--example',
    'Content-Disposition: form-data; name="file"; filename="xia.gif"',
    'Content-Type: image/gif',
    '',
    'GIF89a\u0001\0\u0001\0\0\0\0,\0\0\0\0\u0001\0\u0001\0\0\u0002\u0002D\u0001\0;',
    '--example--',
    '',
  ].join('\r\n'),
};

export const profilesCalls: readonly ExampleCall[] = [
  { operation: 'GET /api', as: null },
  { operation: 'GET /api/profile', query: { q: 'acme', q_f: 'full_name' } },
  { operation: 'GET /api/profile/{profile}', as: 'xia', path: xia },
  {
    operation: 'PUT /api/profile/{profile}',
    as: 'xia',
    path: xia,
    body: { full_name: 'Xia Lee', locality: 'Oakland' },
  },
  {
    operation: 'POST /api/users/{user}/profiles',
    as: 'xia',
    path: { user: 'xia' },
    body: { full_name: 'Lee Consulting', type: 'organization' },
  },
  { operation: 'GET /api/users/{user}/profiles', as: 'xia', path: { user: 'xia' } },
  { operation: 'POST /api/users/{user}/picture', as: 'xia', path: { user: 'xia' }, raw: picture },
  { operation: 'DELETE /api/users/{user}/picture', as: 'xia', path: { user: 'xia' } },
  { operation: 'POST /api/profile/{profile}/picture', as: 'xia', path: xia, raw: picture },
  { operation: 'DELETE /api/profile/{profile}/picture', as: 'xia', path: xia },
  { operation: 'POST /api/profile/{profile}/roles/describe', as: 'xia', path: xia, body: { title: 'Auditor' } },
  { operation: 'GET /api/profile/{profile}/roles/describe', as: 'xia', path: xia },
  { operation: 'GET /api/profile/{profile}/roles/describe/{role}', as: 'xia', path: { ...xia, role: 'auditor' } },
  {
    operation: 'PUT /api/profile/{profile}/roles/describe/{role}',
    as: 'xia',
    path: { ...xia, role: 'auditor' },
    body: { title: 'External auditor' },
  },
  {
    operation: 'POST /api/profile/{profile}/roles/{role}',
    as: 'xia',
    path: { ...xia, role: 'contributor' },
    body: { email: 'kenneth@example.com', message: 'Please help me with the invoices.' },
    after: ({ kept }, body) => {
      kept.set('grant_key', (body as { grant_key: string }).grant_key); // the documented field
    },
  },
  { operation: 'GET /api/profile/{profile}/roles', as: 'xia', path: xia },
  { operation: 'GET /api/profile/{profile}/roles/{role}', as: 'xia', path: { ...xia, role: 'contributor' } },
  {
    operation: 'GET /api/profile/{profile}/roles/{role}/{user}',
    as: 'xia',
    path: { ...xia, role: 'contributor', user: 'kenneth' },
  },
  {
    operation: 'POST /api/profile/{profile}/roles/{role}/{user}',
    as: 'xia',
    path: { ...xia, role: 'contributor', user: 'kenneth' },
  },
  {
    operation: 'PUT /api/profile/{profile}/roles/{role}/{user}',
    as: 'xia',
    path: { ...xia, role: 'contributor', user: 'kenneth' },
    body: { extra: 'books' },
  },
  { operation: 'GET /api/users/{user}/accessibles', as: 'kenneth', path: { user: 'kenneth' } },
  {
    operation: 'PUT /api/users/{user}/accessibles/accept/{verification_key}',
    as: 'kenneth',
    before: async ({ call, kept }) => {
      // The invitation was sent again since: its former key has ended.
      const { body } = await call('POST', '/api/profile/xia/roles/contributor/kenneth', { as: 'xia' });
      const key: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'grant_key') : undefined;
      if (typeof key === 'string') kept.set('grant_key', key);
    },
    path: { user: 'kenneth', verification_key: ({ kept }) => kept.get('grant_key') ?? '' },
  },
  {
    operation: 'GET /api/users/{user}/accessibles/{role}',
    as: 'kenneth',
    path: { user: 'kenneth', role: 'contributor' },
  },
  {
    operation: 'GET /api/users/{user}/accessibles/{role}/{profile}',
    as: 'kenneth',
    path: { user: 'kenneth', role: 'contributor', profile: 'xia' },
  },
  {
    operation: 'POST /api/users/{user}/accessibles',
    as: 'kenneth',
    path: { user: 'kenneth' },
    body: { slug: 'alice', message: 'I would like to help.' },
  },
  {
    operation: 'POST /api/users/{user}/accessibles/{role}',
    as: 'kenneth',
    path: { user: 'kenneth', role: 'contributor' },
    body: { slug: 'donny' },
  },
  {
    operation: 'POST /api/users/{user}/accessibles/{role}/{profile}',
    as: 'kenneth',
    path: { user: 'kenneth', role: 'contributor', profile: 'donny' },
  },
  {
    operation: 'DELETE /api/users/{user}/accessibles/{role}/{profile}',
    as: 'kenneth',
    path: { user: 'kenneth', role: 'contributor', profile: 'donny' },
  },
  {
    operation: 'DELETE /api/profile/{profile}/roles/{role}/{user}',
    as: 'xia',
    path: { ...xia, role: 'contributor', user: 'kenneth' },
  },
  { operation: 'DELETE /api/profile/{profile}/roles/describe/{role}', as: 'xia', path: { ...xia, role: 'auditor' } },
  { operation: 'GET /api/accounts', query: { q: 'xia' } },
  { operation: 'GET /api/accounts/profiles', query: { q: 'acme' } },
  { operation: 'GET /api/accounts/users', query: { q: 'xia' } },
  {
    operation: 'POST /api/accounts/profiles',
    body: { full_name: 'New Customer', email: 'hello@new-customer.example.com', type: 'organization' },
  },
  { operation: 'GET /api/accounts/profiles/{profile}', path: xia },
  { operation: 'DELETE /api/profile/{profile}', path: { profile: 'new-customer' } },
  { operation: 'GET /api/agreements' },
  { operation: 'POST /api/agreements', body: { title: 'House rules' } },
  { operation: 'GET /api/agreements/{document}', path: { document: 'terms-of-use' } },
  {
    operation: 'PUT /api/agreements/{document}',
    path: { document: 'house-rules' },
    body: { title: 'House rules', updated_at: '2026-03-01T00:00:00Z' },
  },
  { operation: 'DELETE /api/agreements/{document}', path: { document: 'house-rules' } },
  { operation: 'GET /api/legal', as: null },
  { operation: 'GET /api/legal/{agreement}', as: 'xia', path: { agreement: 'terms-of-use' } },
  {
    operation: 'POST /api/legal/{agreement}/sign',
    as: 'xia',
    path: { agreement: 'terms-of-use' },
    body: { read_terms: true },
  },
  { operation: 'GET /api/users', query: { q: 'xia' } },
  { operation: 'POST /api/users', body: { full_name: 'Ann Visitor', email: 'ann@example.com' } },
  {
    operation: 'POST /api/contacts/{user}/activities',
    as: 'donny',
    path: { user: 'xia' },
    body: { text: 'Phone call: asks for a larger desk.', account: 'xia' },
  },
  { operation: 'GET /api/contacts/{user}/activities', path: { user: 'xia' } },
  {
    operation: 'POST /api/contact',
    as: null,
    body: { full_name: 'Ann Visitor', email: 'ann@example.com', message: 'Is there a desk for Friday?' },
  },
];
