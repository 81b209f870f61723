import type { Money } from '#kernel/money';
import type { Choice } from '#platform/pages/forms/field';
import { choice, text } from '#platform/pages/forms/fields';
import { defineForm, type Fields, type Form } from '#platform/pages/forms/form';
import { money } from '#platform/pages/forms/number-fields';
import { humanizeMoney } from '#platform/templates/humanize-money';
import { GIVEN_AMOUNT_MAX } from './give-credit.ts';

/** Makes the form that gives credit; `providers` to choose from when the caller sells for several. */
export function giftForm(providers: readonly Choice[]): { form: Form<Fields>; field_names: string[] } {
  const fields = {
    amount: money({ label: 'Amount', min: 1, max: GIVEN_AMOUNT_MAX }),
    unit: text({ label: 'Currency', length_max: 3, help: 'Three letters, such as usd.' }),
    ...(providers.length > 1 ? { provider: choice({ label: 'Given by', choices: providers }) } : {}),
    descr: text({ label: 'Reason', length_max: 200, help: 'Shown to the subscriber.' }),
  };
  return { form: defineForm(fields), field_names: Object.keys(fields) };
}

/** Makes the form that pays out credit; `left` is the most. */
export function payoutForm(left: Money, lang: string): Form<Fields> {
  const help = `At most ${humanizeMoney(left, lang)}.`;
  return defineForm({
    amount: money({ label: 'Amount', help, min: 1, max: Math.max(1, left.amount), unit: left.unit }),
  });
}
