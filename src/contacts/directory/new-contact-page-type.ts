import { Type } from 'typebox';
import { invalidInput } from '#kernel/problem';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { form_view } from '#platform/pages/forms/form';
import { unbrokenText } from '#platform/pages/pieces/hostile-text';
import { newContactForm } from './new-contact-form.ts';
import { note_context } from './note-form.ts';

const frame = { crumbs: [{ label: 'People', href: paths.contacts() }], cancel_url: paths.contacts() };
const entered = { full_name: 'Joe Card', email: 'joe@', phone: '', nick_name: unbrokenText };
const refused = newContactForm.refuse(
  invalidInput({ email: ['Enter an e-mail address.'], nick_name: ['Use at most 60 characters.'] }),
  entered,
);

export const newContactPage = definePage(
  'activities/contacts/new.html',
  Type.Object({
    crumbs: Type.Array(Type.Object({ label: Type.String(), href: Type.String() })),
    /** List of people. */
    cancel_url: Type.String(),
    ...form_view,
  }),
  {
    typical: { ...frame, ...newContactForm.view({}, note_context) },
    error: { ...frame, ...newContactForm.view({}, note_context, refused) },
  },
  { as: 'broker' },
);
