import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { EmptyForm, formParts, NullableText, unrefusedForm } from '../page-parts.ts';

export const stopChangePage = definePage(
  'login/stop_change.html',
  Type.Object({
    /** False for a link that is unknown, used or expired. */
    valid: Type.Boolean(),
    username: NullableText,
    /** Address that the link was sent to. */
    address: NullableText,
    /** True if the change was made and will be undone. */
    is_made: Type.Boolean(),
    form: EmptyForm,
    ...formParts,
  }),
  {
    typical: { valid: true, username: 'xia', address: 'xia@example.com', is_made: false, form: {}, ...unrefusedForm },
    made: { valid: true, username: 'xia', address: 'xia@example.com', is_made: true, form: {}, ...unrefusedForm },
    invalid: { valid: false, username: null, address: null, is_made: false, form: {}, ...unrefusedForm },
    error: {
      valid: false,
      username: null,
      address: null,
      is_made: false,
      form: {},
      errors: {},
      detail: 'This link is not valid, was used, or has expired.',
    },
  },
);

export const addressChangePageTypes = [stopChangePage] as const;
