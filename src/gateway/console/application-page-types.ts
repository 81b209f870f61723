import { Type } from 'typebox';
import { invalidInput } from '#kernel/problem';
import { definePage } from '#platform/http/page-type';
import { NullableInstant, NullableString } from '#platform/http/schemas';
import { ConflictView } from '#platform/pages/forms/conflict-view';
import { form_view } from '#platform/pages/forms/form';
import { longText } from '#platform/pages/pieces/hostile-text';
import type { ConnectionCheck } from '../upstream/index.ts';
import { applicationForm } from './application-form.ts';

const context = { locale: 'en', timezone: 'UTC' };
const values = {
  entry_point: 'https://app.internal.example:8001/',
  authentication: 'enabled',
  session_backend: '2',
  cors_restricted: true,
  welcome_email: true,
} as const;
const shown = {
  may_edit: true,
  private_addresses_allowed: false,
  key_made_at: '2026-11-03T10:00:00.000Z',
  edit_version: 'entry_point:x',
  conflict: null,
  check: null,
  example: { user: '', message: '', session: null, header: '' },
  ...applicationForm.view(values, context),
};
const example = {
  user: 'xia',
  message: '',
  session: '{\n  "username": "xia",\n  "roles": {},\n  "site": { "slug": "cowork" },\n  "last_visited": null\n}',
  header: 'Authorization: Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.x',
};

/** Settings of the application, its key, and what it receives about a user. */
export const applicationPage = definePage(
  'rules/application.html',
  Type.Object({
    may_edit: Type.Boolean(),
    private_addresses_allowed: Type.Boolean(),
    /** Null for the key that was made with the site. */
    key_made_at: NullableInstant,
    edit_version: Type.String(),
    conflict: ConflictView,
    /** Result of a test of the connection, or null. */
    check: Type.Unsafe<ConnectionCheck | null>(Type.Union([Type.Object({ kind: Type.String() }), Type.Null()])),
    example: Type.Object({
      user: Type.String(),
      /** Why there is no example for the user; ''. */
      message: Type.String(),
      session: NullableString,
      /** Empty for a caller who is no manager. */
      header: Type.String(),
    }),
    ...form_view,
  }),
  {
    typical: { ...shown, example },
    empty: { ...shown, key_made_at: null, ...applicationForm.view({ ...values, entry_point: '' }, context) },
    long: { ...shown, example: { ...example, session: longText.repeat(20), header: `Cookie: ${'x'.repeat(2000)}` } },
    error: {
      ...shown,
      ...applicationForm.view(
        values,
        context,
        applicationForm.refuse(invalidInput({ entry_point: ['Give scheme, host and path only.'] }), {
          ...values,
          entry_point: 'x',
          welcome_email: '1',
          cors_restricted: '1',
        }),
      ),
    },
    connected: { ...shown, check: { kind: 'answered', status: 200, duration_ms: 12 } },
    not_connected: { ...shown, check: { kind: 'failed', reason: 'No response arrived within 5 seconds.' } },
    conflict: {
      ...shown,
      conflict: { by: '', changes: [{ label: 'Who may sign in', now: 'disabled', yours: 'enabled' }] },
    },
    unknown_user: { ...shown, example: { ...example, message: 'User not found.', session: null, header: '' } },
    no_permission: { ...shown, may_edit: false, example: { ...example, header: '' } },
  },
  { as: 'broker' },
);

/** The new key, shown in the response to its rotation only. */
export const sessionKeyPage = definePage(
  'rules/session_key.html',
  Type.Object({ session_key: Type.String() }),
  { typical: { session_key: 'Yk3vP0c9mC2nq1u8TtLrXw4eGhJkLzQ7sVbNdFaRyUo' } },
  { as: 'broker' },
);

export const applicationPageTypes = [applicationPage, sessionKeyPage] as const;
