import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { commonProblems, invalidInput, Problem } from '#kernel/problem';
import type { FormContext } from './field.ts';
import { checkbox, choice, date, multiline, optional, secret, text } from './fields.ts';
import { money, percent, period, wholeNumber } from './number-fields.ts';
import { defineForm } from './form.ts';

const context: FormContext = { locale: 'en-US', timezone: 'America/Los_Angeles', unit: 'usd' };

const planForm = defineForm({
  title: text({ label: 'Name', length_max: 10 }),
  description: multiline({ label: 'Description', optional: true }),
  period_amount: money({ label: 'Price', max: 1_000_000 }),
  setup_amount: optional(money({ label: 'Once at the start' })),
  ...period({ length: 'period_length', unit: 'period_type' }, { label: 'Every', units: ['daily', 'monthly'] }),
  discount: percent({ label: 'Discount' }),
  seats: wholeNumber({ label: 'Seats', max: 100 }),
  start_at: date({ label: 'From' }),
  ends_at: optional(date({ label: 'Until', bound: 'after' })),
  renewal: choice({
    label: 'At the end of a period',
    choices: [
      { value: 'renew', label: 'Renew and charge again' },
      { value: 'end', label: 'End' },
    ],
  }),
  is_active: checkbox({ label: 'On sale' }),
  password: secret({ label: 'Your password' }),
});

const posted = {
  title: ' Premium ',
  description: 'One\r\nTwo',
  period_amount: '$1,121.20',
  setup_amount: '',
  period_length: '3',
  period_type: 'monthly',
  discount: '12.5 %',
  seats: '7',
  start_at: '2026-11-25',
  ends_at: '2026-11-30',
  renewal: 'renew',
  is_active: '1',
  password: ' secret ',
};

const read = (body: unknown) => planForm.read(body, context);
const refusalOf = (run: () => unknown): Problem => {
  try {
    run();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('not refused');
};

test('every kind of field is read as the value that the verb takes', () => {
  assert.deepEqual(read(posted), {
    title: 'Premium',
    description: 'One\nTwo',
    period_amount: 112_120,
    setup_amount: null,
    period_length: 3,
    period_type: 'monthly',
    discount: 1250,
    seats: 7,
    start_at: new Date('2026-11-25T08:00:00Z'),
    ends_at: new Date('2026-12-01T08:00:00Z'),
    renewal: 'renew',
    is_active: true,
    password: ' secret ',
  });
});

test('a form that is printed and posted again has the same values', () => {
  const values = read(posted);
  const { form } = planForm.view(values, context);
  assert.deepEqual(read({ ...form, password: ' secret ' }), values);
});

test('all errors are found at once', () => {
  const { fields } = refusalOf(() => read({ period_amount: '59,00', discount: '101', start_at: '2026-02-30' }));
  assert.deepEqual(fields, {
    title: ['This field is required.'],
    period_amount: ['Write it like 59.00.'],
    period_length: ['This field is required.'],
    period_type: ['Choose one.'],
    discount: ['Write 100% or less.'],
    seats: ['This field is required.'],
    start_at: ['Write it like 2026-11-25.'],
    renewal: ['Choose one.'],
    password: ['This field is required.'],
  });
});

// oxfmt-ignore
const refused: [name: keyof typeof posted, text: string, message: string][] = [
  ['title', 'x'.repeat(11), 'Use at most 10 characters.'],
  ['period_amount', '-5', 'Write an amount without a minus sign.'],
  ['period_amount', '10000.01', 'Write $10,000.00 or less.'],
  ['period_amount', '9'.repeat(59), 'Write it like 59.00.'],
  ['period_length', '0', 'Write 1 or more.'],
  ['period_length', '1.5', 'Write a whole number, like 12.'],
  ['period_type', 'yearly', 'Choose one of the list.'],
  ['discount', '12.345', 'Write it like 12.50.'],
  ['start_at', '25.11.2026', 'Write it like 2026-11-25.'],
  ['start_at', '1899-12-31', 'Write it like 2026-11-25.'],
  ['renewal', 'refund', 'Choose one of the list.'],
];

test('a text that is not a value gets a message that states how to write it', () => {
  for (const [name, value, message] of refused) {
    const { fields } = refusalOf(() => read({ ...posted, [name]: value }));
    assert.deepEqual(fields, { [name]: [message] }, `${name}: ${value}`);
  }
});

test('an amount that cannot be charged in its currency is refused', () => {
  const form = defineForm({ price: money({ label: 'Price', unit: 'jpy' }) });
  assert.deepEqual(form.read({ price: '1,200' }, context), { price: 120_000 });
  assert.deepEqual(form.view({ price: 120_000 }, context).form, { price: '1200' });
  assert.deepEqual(refusalOf(() => form.read({ price: '59.50' }, context)).fields, { price: ['Write it like 59.'] });
});

test('bounds and choices of the page replace those of the declaration', () => {
  const form = defineForm({ amount: money({ label: 'Amount' }), role: choice({ label: 'Role' }) });
  const of_page = { ...context, bounds: { amount: { max: 30_000 } }, choices: { role: [{ value: 'a', label: 'A' }] } };
  assert.deepEqual(form.read({ amount: '300', role: 'a' }, of_page), { amount: 30_000, role: 'a' });
  const { fields } = refusalOf(() => form.read({ amount: '300.01', role: 'b' }, of_page));
  assert.deepEqual(fields, { amount: ['Write $300.00 or less.'], role: ['Choose one of the list.'] });
});

test('a day is bounded by days', () => {
  const after = new Date('2026-11-25T12:00:00Z');
  const form = defineForm({ ends_at: date({ label: 'Ends on', after }) });
  const { fields } = refusalOf(() => form.read({ ends_at: '2026-11-25' }, context));
  assert.deepEqual(fields, { ends_at: ['Choose a day after Nov 25, 2026.'] });
});

test('days begin in the zone of the page, on days that change the clock too', () => {
  const form = defineForm({ at: date({ label: 'On' }), until: date({ label: 'Until', bound: 'after' }) });
  for (const [day, at, until] of [
    ['2026-03-08', '2026-03-08T08:00:00Z', '2026-03-09T07:00:00Z'], // 23 hours
    ['2026-11-01', '2026-11-01T07:00:00Z', '2026-11-02T08:00:00Z'], // 25 hours
  ] as const) {
    const values = form.read({ at: day, until: day }, context);
    assert.deepEqual(values, { at: new Date(at), until: new Date(until) });
    assert.deepEqual(form.view(values, context).form, { at: day, until: day });
  }
});

test('values that do not fit the schema of the body get a message at the field', () => {
  const form = defineForm(
    { title: text({ label: 'Name' }), seats: wholeNumber({ label: 'Seats' }) },
    Type.Object({ title: Type.String({ maxLength: 3 }), seats: Type.Integer({ maximum: 5 }) }),
  );
  const { fields } = refusalOf(() => form.read({ title: 'Four', seats: '6' }, context));
  assert.deepEqual(fields, { title: ['Use at most 3 characters.'], seats: ['Write 5 or less.'] });
});

test('a refused form keeps its texts, except secrets, and shows the errors of the verb', () => {
  const refusal = planForm.refuse(invalidInput({ title: ['There is a plan of this name.'] }), posted);
  const view = planForm.view({}, context, refusal);
  assert.equal(view.form['title'], 'Premium');
  assert.equal(view.form['period_amount'], '$1,121.20');
  assert.equal(view.form['password'], '');
  assert.deepEqual(view.errors, { title: ['There is a plan of this name.'] });
  assert.equal(view.error_count, 1);
  assert.equal(view.fields['title']?.label, 'Name');
  assert.throws(() => planForm.refuse(new Error('bug'), posted), /bug/);
  assert.equal(planForm.refuse(commonProblems.permission_denied(), posted).status, 403);
});

test('repeated, nested and inherited members of a body are not read', () => {
  const form = defineForm({
    title: text({ label: 'Name' }),
    constructor_name: text({ label: 'Name', optional: true }),
  });
  for (const title of [['a', 'b'], { a: 'b' }, 1, null]) {
    assert.deepEqual(refusalOf(() => form.read({ title }, context)).fields, { title: ['This field is required.'] });
  }
  assert.throws(() => form.read(null, context), Problem);
  assert.throws(() => defineForm({ __proto_: text({ label: 'x' }) }), /no usable name/);
});
