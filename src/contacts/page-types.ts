import { Type } from 'typebox';
import type { FieldMessages } from '#kernel/problem';
import { definePage } from '#platform/http/page-type';

const Sent = Type.Object({ sent: Type.Literal(true) });

const Form = Type.Object({
  sent: Type.Literal(false),
  form: Type.Object({ full_name: Type.String(), email: Type.String(), message: Type.String() }),
  /** Messages by field. */
  errors: Type.Unsafe<FieldMessages>(Type.Record(Type.String(), Type.Array(Type.String()))),
  /** Message about the whole form; empty if there is none. */
  detail: Type.String(),
});

const form = { full_name: 'Joe Card', email: 'joe@example.com', message: '' };

export const contactPage = definePage('contact.html', Type.Union([Sent, Form]), {
  typical: { sent: false, form, errors: {}, detail: '' },
  sent: { sent: true },
  error: { sent: false, form, errors: { message: ['This field may not be blank.'] }, detail: '' },
});
