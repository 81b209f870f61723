import { choice, text, typeahead } from '#platform/pages/forms/fields';
import { defineForm } from '#platform/pages/forms/form';

/** What a manager tries: a path, for a person. */
export const tryForm = defineForm({
  path: text({ label: 'Path', length_max: 2000, help: 'With its query, as in the address bar.' }),
  as: choice({
    label: 'As',
    choices: [
      { value: 'user', label: 'A person' },
      { value: 'newcomer', label: 'A signed-in user without profile' },
      { value: 'visitor', label: 'A visitor, not signed in' },
    ],
  }),
  user: typeahead({
    label: 'Person',
    optional: true,
    source: '/api/accounts/users',
    help: 'User name or e-mail address.',
  }),
  method: choice({
    label: 'Request',
    choices: [
      { value: 'GET', label: 'Reads (GET)' },
      { value: 'POST', label: 'Changes something (POST)' },
    ],
  }),
});
