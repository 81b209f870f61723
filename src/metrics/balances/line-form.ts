import type { FormContext } from '#platform/pages/forms/field';
import { text } from '#platform/pages/forms/fields';
import { defineForm } from '#platform/pages/forms/form';

/** A new line of a balance sheet. */
export const lineForm = defineForm({
  title: text({ label: 'Title', length_max: 255 }),
  selector: text({
    label: 'Accounts',
    optional: true,
    length_max: 255,
    help: 'Part of the names of the accounts that count, such as Receivable. Empty: all accounts.',
  }),
});

/** Fields of lines have neither amounts nor days. */
export const line_context: FormContext = { locale: 'en', timezone: 'UTC' };
