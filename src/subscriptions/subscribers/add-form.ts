import { defineForm } from '#platform/pages/forms/form';
import { multiline, text, typeahead } from '#platform/pages/forms/fields';

/** Adds a subscriber to a plan: a profile of the site, or a person by e-mail address. */
export const addForm = defineForm({
  subscriber: typeahead({
    label: 'Who',
    help: 'A name of a profile, or the e-mail address of a new person.',
    source: '/api/accounts/profiles',
    invite: 'Invite',
  }),
  full_name: text({
    label: 'Full name',
    optional: true,
    length_max: 100,
    help: 'Only for a new person: the name in the invitation.',
  }),
  message: multiline({ label: 'Message', optional: true, length_max: 255, help: 'Stands in the e-mail.' }),
});

export const sample_add_context = { locale: 'en', timezone: 'America/Los_Angeles' };
