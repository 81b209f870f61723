import { defineForm } from '#platform/pages/forms/form';
import type { FormContext } from '#platform/pages/forms/field';
import { multiline, optional, typeahead } from '#platform/pages/forms/fields';
import { ActivityCreateBody } from '../schemas.ts';

const note = {
  text: multiline({ label: 'Note', length_max: 10_000, help: 'Only the operators of the site read it.' }),
};

/** A note about a person, and about a profile if one is given. */
export const personNoteForm = defineForm(
  {
    ...note,
    account: optional(
      typeahead({ label: 'About the profile', source: '/api/profile', help: 'Shown on the page of the profile too.' }),
    ),
  },
  ActivityCreateBody,
);

/** A note about a profile and the person who acted for it. */
export const accountNoteForm = defineForm({
  ...note,
  person: typeahead({
    label: 'With',
    source: '/api/users',
    help: 'The person you talked to. Part of a name finds users and contacts.',
  }),
});

/** Fields of notes have neither amounts nor days. */
export const note_context: FormContext = { locale: 'en', timezone: 'UTC' };
