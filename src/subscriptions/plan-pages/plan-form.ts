import { type Plan, type PlanInput, type PlanTerms, readDiscountText, writeDiscountText } from '#catalog';
import { invalidInput, Problem } from '#kernel/problem';
import type { AnyField, FormContext } from '#platform/pages/forms/field';
import { checkbox, choice, multiline, optional, text } from '#platform/pages/forms/fields';
import { defineForm, type Form, type FormInput } from '#platform/pages/forms/form';
import { money, percent, period, wholeNumber } from '#platform/pages/forms/number-fields';
import { textField } from '#platform/http/forms';
import { extraFromText } from '#platform/http/schemas';
import { terms_fields, withModes } from './terms-form.ts';

const ROWS_MAX = 50;

const base = {
  title: text({ label: 'Name', length_max: 50 }),
  description: multiline({
    label: 'Description',
    optional: true,
    length_max: 10_000,
    help: 'A line that begins with * becomes a tick on the pricing page.',
  }),
  is_active: checkbox({ label: 'On sale', help: 'When off, it cannot be bought. Subscribers keep it.' }),
  is_not_priced: checkbox({ label: 'Price on request', help: 'Shows a link to contact you instead of a price.' }),
  is_personal: checkbox({ label: 'Only for persons', help: 'Organizations cannot subscribe.' }),
  unit: text({
    label: 'Currency',
    length_min: 3,
    length_max: 3,
    help: 'Three letters, like USD. Fixed after the first subscription.',
  }),
  period_amount: money({ label: 'Price', min: 0 }),
  ...period({ length: 'period_length', unit: 'period_type' }, { label: 'Every' }),
  setup_amount: optional(money({ label: 'Once at the start', min: 0 })),
  renewal_type: choice({
    label: 'At the end of a period',
    choices: [
      { value: 'auto-renew', label: 'Marked as renewing' },
      { value: 'repeat', label: 'End; the subscriber may buy again' },
      { value: 'one-time', label: 'End for good: sold once' },
    ],
  }),
  optin_on_request: checkbox({
    label: 'Accept each buyer first',
    help: 'When off, a subscription starts with the order.',
  }),
  skip_optin_on_grant: checkbox({
    label: 'Start at once when you add one of your subscribers',
    help: 'When off, the subscriber has to accept.',
  }),
  unlock_event: text({
    label: 'Charge after',
    optional: true,
    length_max: 128,
    help: 'Access first, payment later: for example “download the report”.',
  }),
  ...terms_fields,
  extra: multiline({
    label: 'Data of your application',
    optional: true,
    length_max: 4000,
    help: 'Text or JSON; the API returns it.',
  }),
} as const;

/** Only managers of the site set it. */
const broker = { broker_fee_percent: percent({ label: 'Share of the site in each sale', min: 0, max: 10_000 }) };

const discount_choices = [
  { value: 'percentage', label: '% less' },
  { value: 'currency', label: 'amount less' },
  { value: 'period', label: 'periods free' },
] as const;

type DiscountType = (typeof discount_choices)[number]['value'];

const discount_row = {
  length: optional(wholeNumber({ label: 'Periods paid', min: 1, max: 1000 })),
  value: text({ label: 'Saves', optional: true, length_max: 40 }),
  type: choice<DiscountType>({ label: 'Kind', choices: discount_choices }),
};

const use_row = {
  title: text({ label: 'Name', optional: true, length_max: 50 }),
  slug: text({ label: 'Name in the API', optional: true, length_max: 50 }),
  amount: optional(money({ label: 'Each', min: 0 })),
  quota: optional(wholeNumber({ label: 'Included' })),
  limit: optional(wholeNumber({ label: 'Notice at' })),
};

/** Numbers of rows of a form, and whether it has the share of the site. */
export interface PlanFormShape {
  discounts_count: number;
  uses_count: number;
  is_broker: boolean;
}

type PlanFields = typeof base & Record<string, AnyField>;
export type PlanForm = Form<PlanFields>;

/** Returns the form of a plan with its rows and some empty ones. */
export function makePlanForm({ discounts_count, uses_count, is_broker }: PlanFormShape): PlanForm {
  const rows = [...rowFields('discount', discount_row, discounts_count), ...rowFields('use', use_row, uses_count)];
  return defineForm<PlanFields>({ ...base, ...(is_broker ? broker : {}), ...Object.fromEntries(rows) });
}

function rowFields(kind: string, row: Record<string, AnyField>, count: number): [string, AnyField][] {
  return Array.from({ length: count }, (_, index) =>
    Object.entries(row).map(([name, field]): [string, AnyField] => [`${kind}_${index}_${name}`, field]),
  ).flat();
}

/** Kind of the rows of which a submit button adds one. */
export type AddedRow = 'discount' | 'use' | null;

/** Returns the row that a posted form asks for; nothing is saved then. */
export function addedRow(body: unknown): AddedRow {
  const action = textField(body, 'action', 20);
  return action === 'add_discount' ? 'discount' : action === 'add_use' ? 'use' : null;
}

/** Returns the shape of the form of a plan, or of a posted form: with an empty row of each kind and the added row. */
export function shapeOf(
  plan: Pick<Plan, 'advance_discounts' | 'use_charges'> | null,
  body: unknown,
  is_broker: boolean,
): PlanFormShape {
  const added = addedRow(body);
  const count = (kind: 'discount' | 'use', name: string, rows: number) => {
    const posted = postedRows(body, `${kind}_`, `_${name}`);
    return Math.min(ROWS_MAX, Math.max(rows + 1, posted.filled + 1, posted.shown + (added === kind ? 1 : 0)));
  };
  return {
    discounts_count: count('discount', 'length', plan?.advance_discounts.length ?? 0),
    uses_count: count('use', 'title', plan?.use_charges.length ?? 0),
    is_broker,
  };
}

/** Counts the rows of a posted form, and those up to the last that is not empty. */
function postedRows(body: unknown, before: string, after: string): { shown: number; filled: number } {
  const fields = new Map(typeof body === 'object' && body !== null ? Object.entries(body) : []);
  const indexes = Array.from({ length: ROWS_MAX }, (_, index) => index);
  return {
    shown: 1 + indexes.findLastIndex((index) => fields.has(`${before}${index}${after}`)),
    filled: 1 + indexes.findLastIndex((index) => textField(body, `${before}${index}${after}`, 50) !== ''),
  };
}

/** Returns the values of the form of a plan; discounts are printed for the reader. */
export function valuesOf(plan: Plan, context: FormContext): Partial<FormInput<PlanFields>> {
  const discounts = plan.advance_discounts.flatMap(
    ({ length, discount_type, discount_value }, index): [string, unknown][] => [
      [`discount_${index}_length`, length],
      [`discount_${index}_type`, discount_type],
      [`discount_${index}_value`, writeDiscountText(discount_type, discount_value, context.locale)],
    ],
  );
  const uses = plan.use_charges.flatMap((use, index): [string, unknown][] => [
    [`use_${index}_title`, use.title],
    [`use_${index}_slug`, use.slug],
    [`use_${index}_amount`, use.use_amount],
    [`use_${index}_quota`, use.quota],
    [`use_${index}_limit`, use.maximum_limit],
  ]);
  const rows: Record<string, unknown> = Object.fromEntries<unknown>([...discounts, ...uses]);
  const { unit, extra, unlock_event, ...fields } = plan;
  return {
    ...fields,
    unit: unit.toUpperCase(),
    extra: extra ?? '',
    unlock_event: unlock_event ?? '',
    ...rows,
  };
}

/**
 * Reads a posted form into the input of a plan; rows without length or name are left out. Use charges keep what the
 * form does not show: their description and extra of `held`, by name in the API.
 * @throws invalid_input (400)
 */
export function readPlanForm(
  form: PlanForm,
  body: unknown,
  context: FormContext,
  { shape, held }: { shape: PlanFormShape; held: Plan['use_charges'] },
): PlanInput & { title: string } {
  const unit = textField(body, 'unit', 3).toLowerCase();
  const values: Record<string, unknown> = form.read(body, { ...context, unit });
  const errors: Record<string, string[]> = {};
  const advance_discounts = Array.from({ length: shape.discounts_count }, (_, index) => {
    const length = values[`discount_${index}_length`] as number | null;
    if (length === null) return null;
    const discount_type = values[`discount_${index}_type`] as DiscountType;
    const discount_value = readDiscountText(String(values[`discount_${index}_value`]), discount_type, context.locale);
    if (discount_value !== null) return { length, discount_type, discount_value };
    errors[`discount_${index}_value`] = [
      discount_type === 'period' ? 'Write a whole number, like 2.' : 'Write it like 10.00.',
    ];
    return null;
  }).filter((row) => row !== null);
  const use_charges = Array.from({ length: shape.uses_count }, (_, index) => {
    const title = String(values[`use_${index}_title`]);
    const slug = String(values[`use_${index}_slug`]) || slugOf(title);
    if (title === '') return null;
    if (!/^[-A-Za-z0-9_]{1,50}$/.test(slug))
      errors[`use_${index}_slug`] = ['Use letters, digits, hyphens or underscores.'];
    const former = held.find((use) => use.slug === slug);
    return {
      ...(former && { description: former.description, extra: former.extra }),
      title,
      slug,
      use_amount: (values[`use_${index}_amount`] as number | null) ?? 0,
      quota: (values[`use_${index}_quota`] as number | null) ?? 0,
      maximum_limit: values[`use_${index}_limit`] as number | null,
    };
  }).filter((row) => row !== null);
  if (Object.keys(errors).length > 0) throw invalidInput(errors);
  return { ...pickInput(values, shape), unit, advance_discounts, use_charges };
}

function pickInput(values: Record<string, unknown>, { is_broker }: PlanFormShape): PlanInput & { title: string } {
  const input = Object.fromEntries(Object.keys(base).map((name) => [name, values[name]]));
  const extra = String(values['extra']);
  // Cast: the fields of `base` read the values of these members.
  return {
    ...withModes(input as unknown as PlanInput & PlanTerms & { title: string }),
    setup_amount: (values['setup_amount'] as number | null) ?? 0,
    extra: extra === '' ? null : extraFromText(extra),
    ...(is_broker ? { broker_fee_percent: values['broker_fee_percent'] as number } : {}),
  };
}

function slugOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 50);
}

/** Converts the refusal of a plan to one that names the fields of the form: `use_charges.0.slug` is `use_0_slug`. */
export function toPlanFormProblem(error: unknown, body: unknown): unknown {
  if (!(error instanceof Problem) || error.fields === null) return error;
  const rows = {
    advance_discounts: filledRows(body, 'discount', 'length'),
    use_charges: filledRows(body, 'use', 'title'),
  };
  const names: Record<string, string> = {
    discount_value: 'value',
    length: 'length',
    discount_type: 'type',
    slug: 'slug',
    title: 'title',
    use_amount: 'amount',
    quota: 'quota',
    maximum_limit: 'limit',
  };
  const fields = Object.entries(error.fields).map(([name, messages]) => {
    const [list, index, member] = name.split('.');
    if (list !== 'advance_discounts' && list !== 'use_charges') return [name, [...messages]] as const;
    const kind = list === 'use_charges' ? 'use' : 'discount';
    return [`${kind}_${rows[list][Number(index)] ?? index}_${names[member ?? ''] ?? member}`, [...messages]] as const;
  });
  return invalidInput(Object.fromEntries(fields));
}

function filledRows(body: unknown, kind: string, name: string): number[] {
  return Array.from({ length: ROWS_MAX }, (_, index) => index).filter(
    (index) => textField(body, `${kind}_${index}_${name}`, 50) !== '',
  );
}
