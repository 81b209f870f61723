import { type Static, Type } from 'typebox';
import { definePage } from '../../http/page-type.ts';
import { invalidInput } from '#kernel/problem';
import { candidates_part } from '../forms/candidates.ts';
import type { FormContext } from '../forms/field.ts';
import { checkbox, choice, date, multiline, optional, secret, text, typeahead } from '../forms/fields.ts';
import { money, percent, period } from '../forms/number-fields.ts';
import { defineForm, form_view } from '../forms/form.ts';
import { longText, rightToLeftText, unbrokenText } from './hostile-text.ts';

const context: FormContext = { locale: 'en-US', timezone: 'America/Los_Angeles', unit: 'usd' };

const everyField = defineForm({
  title: text({ label: 'Name', length_max: 200, help: 'Shown on the pricing page.' }),
  description: multiline({ label: 'Description', optional: true }),
  amount: money({ label: 'Price', help: 'Charged at the start of each period.' }),
  setup_amount: optional(money({ label: 'Once at the start', unit: 'jpy' })),
  discount: percent({ label: 'Discount' }),
  ...period({ length: 'period_length', unit: 'period_type' }, { label: 'Every' }),
  ends_at: optional(date({ label: 'Ends on', bound: 'after', help: 'Days are in Pacific time.' })),
  country: choice({
    label: 'Country',
    choices: [
      { value: 'FR', label: 'France' },
      { value: 'US', label: 'United States' },
    ],
  }),
  renewal: choice({
    label: 'At the end of a period',
    choices: [
      { value: 'renew', label: 'Renew and charge again', note: 'Next on Dec 25, 2026', price: '$59.00' },
      { value: 'end', label: 'End', note: 'The subscriber may buy again' },
      { value: 'once', label: 'End for good: sold once' },
    ],
  }),
  is_active: checkbox({ label: 'On sale', help: 'When off, it cannot be bought. Subscribers keep it and renew.' }),
  subscriber: typeahead({
    label: 'Subscriber',
    source: '/api/accounts/users',
    invite: 'Invite as a new person',
    help: 'Looks among the people of this site first.',
  }),
  password: secret({ label: 'Your password', autocomplete: 'current-password' }),
});

const filled = everyField.view(
  {
    title: 'Premium',
    description: 'A place every day.\n\n* Any desk\n* Mail received',
    amount: 112_120,
    setup_amount: 120_000,
    discount: 1250,
    period_length: 3,
    period_type: 'monthly',
    ends_at: new Date('2026-12-01T08:00:00Z'),
    country: 'US',
    renewal: 'renew',
    is_active: true,
    subscriber: 'xia',
  },
  context,
);

const texts = (value: string) =>
  everyField.refuse(invalidInput({}), Object.fromEntries(Object.keys(everyField.fields).map((name) => [name, value])));

function refusedView(body: Record<string, string>) {
  try {
    everyField.read(body, context);
    throw new Error('the sample is not refused');
  } catch (error) {
    return everyField.view({}, context, everyField.refuse(error, body));
  }
}

const FormsData = Type.Object({
  ...form_view,
  ...candidates_part,
  /** Sentence of the save bar. */
  changed: Type.String(),
});

const no_candidates = { candidates: {}, changed: '' };
const samples = {
  typical: { ...filled, ...no_candidates, changed: 'Price changed from $55.00' },
  empty: { ...everyField.view({}, context), ...no_candidates },
  error: {
    ...refusedView({ amount: '59,00', discount: '101', ends_at: '25.11.2026', period_length: '0', subscriber: '' }),
    ...no_candidates,
  },
  refused: { ...filled, ...no_candidates, detail: 'You do not have permission to perform this action.' },
  candidates: {
    ...filled,
    ...no_candidates,
    form: { ...filled.form, subscriber: 'blue h' },
    errors: { subscriber: ['Choose one of those found.'] },
    error_count: 1,
    candidates: {
      subscriber: [
        { value: 'blue-heron', label: 'Blue Heron Legal', note: 'office@blueheron.example' },
        { value: 'long', label: longText, note: unbrokenText },
        { value: 'rtl', label: rightToLeftText },
      ],
    },
  },
  long: { ...everyField.view({}, context, texts(longText)), ...no_candidates },
  unbroken: { ...everyField.view({}, context, texts(unbrokenText)), ...no_candidates },
  right_to_left: { ...everyField.view({}, context, texts(rightToLeftText)), ...no_candidates },
} satisfies Record<string, Static<typeof FormsData>>;

/** Every kind of field, with its save bar. */
export const formsPiece = definePage('dev/forms.html', FormsData, samples);
