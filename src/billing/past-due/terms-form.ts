import { invalidInput } from '#kernel/problem';
import type { FormContext } from '#platform/pages/forms/field';
import { choice, optional, text } from '#platform/pages/forms/fields';
import { defineForm } from '#platform/pages/forms/form';
import { wholeNumber } from '#platform/pages/forms/number-fields';
import type { DunningTerms, OwnTerms } from '../dunning/index.ts';

/** Value of the choice of the setting of the site; an empty text would be no choice. */
const SITE = 'site' as const;
const of_site = { value: SITE, label: 'As on this site' } as const;

const accesses = {
  keep: 'Until the end of the grace',
  after_days: 'For some days',
  none: 'None',
} as const satisfies Record<DunningTerms['access'], string>;
const ends = {
  end: 'The subscription ends',
  suspend: 'The subscription waits for the payment',
  keep: 'The subscription goes on unpaid',
} as const satisfies Record<DunningTerms['end'], string>;
const used_parts = {
  due: 'Stays due',
  written_off: 'Written off',
} as const satisfies Record<DunningTerms['used_part'], string>;

const choicesOf = <Value extends string>(labels: Readonly<Record<Value, string>>) => [
  of_site,
  // the keys of a record of labels are its values
  ...(Object.keys(labels) as Value[]).map((value) => ({ value, label: labels[value] })),
];

/** The rules of a provider for charges that fail. */
export const termsForm = defineForm({
  retry_days: text({
    label: 'Charge again on these days',
    optional: true,
    length_max: 60,
    help: 'Days after the first failure, such as 1, 3. Empty: as on this site. Write none for no retry.',
  }),
  grace_days: optional(
    wholeNumber({ label: 'Days of grace', max: 365, help: 'Days after the first failure. Empty: as on this site.' }),
  ),
  access: choice<DunningTerms['access'] | typeof SITE>({ label: 'Access meanwhile', choices: choicesOf(accesses) }),
  access_days: optional(
    wholeNumber({ label: 'Days of access', max: 365, help: 'With access for some days. Empty: as on this site.' }),
  ),
  end: choice<DunningTerms['end'] | typeof SITE>({ label: 'After the grace', choices: choicesOf(ends) }),
  used_part: choice<DunningTerms['used_part'] | typeof SITE>({
    label: 'Price of the used time',
    choices: choicesOf(used_parts),
  }),
});

/** Returns the values of the form for the rules that a provider set. Pure. */
export function termsValues({ retry_days, grace_days, access, access_days, end, used_part }: OwnTerms) {
  return {
    retry_days: retry_days === null ? '' : retry_days.length === 0 ? 'none' : retry_days.join(', '),
    grace_days,
    access: access ?? SITE,
    access_days,
    end: end ?? SITE,
    used_part: used_part ?? SITE,
  };
}

/** Reads a posted form. @throws invalid_input (400) naming each field at fault */
export function readTermsForm(body: unknown, context: FormContext): OwnTerms {
  const { retry_days, grace_days, access, access_days, end, used_part } = termsForm.read(body, context);
  return {
    retry_days: readDays(retry_days),
    grace_days,
    access: access === SITE ? null : access,
    access_days,
    end: end === SITE ? null : end,
    used_part: used_part === SITE ? null : used_part,
  };
}

function readDays(typed: string): number[] | null {
  if (typed === '') return null;
  if (typed.toLowerCase() === 'none') return [];
  const days = typed.split(',').map((part) => (/^\s*[0-9]{1,3}\s*$/.test(part) ? Number(part) : 0));
  if (days.length > 10 || days.some((day) => day < 1 || day > 365))
    throw invalidInput({ retry_days: ['Write at most ten whole numbers from 1 to 365, separated by commas.'] });
  return days;
}

/** Describes the rules of the site, for the reader of the form. Pure. */
export function describeTerms({ retry_days, grace_days, access, access_days, end, used_part }: DunningTerms) {
  return [
    { label: 'Charged again on day', value: retry_days.length === 0 ? 'never' : retry_days.join(', ') },
    { label: 'Days of grace', value: String(grace_days) },
    { label: 'Access meanwhile', value: access === 'after_days' ? `For ${access_days} days` : accesses[access] },
    { label: 'After the grace', value: ends[end] },
    { label: 'Price of the used time', value: used_parts[used_part] },
  ];
}
