import { defineForm } from '#platform/pages/forms/form';
import { text } from '#platform/pages/forms/fields';

/** A person without an account: a name, and an address or a number. */
export const newContactForm = defineForm({
  full_name: text({ label: 'Full name', length_max: 100 }),
  email: text({ label: 'E-mail address', optional: true, length_max: 254 }),
  phone: text({
    label: 'Phone',
    optional: true,
    length_max: 50,
    help: 'With the code of the country. An e-mail address or a phone number is needed.',
  }),
  nick_name: text({ label: 'Nickname', optional: true, length_max: 60, help: 'Used to address the person.' }),
});
