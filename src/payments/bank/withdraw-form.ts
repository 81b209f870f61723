import { chargeStep, type Money } from '#kernel/money';
import { defineForm } from '#platform/pages/forms/form';
import { money } from '#platform/pages/forms/number-fields';
import { humanizeMoney } from '#platform/templates/humanize-money';

/** Makes the form with the amount of a withdrawal; at most `available`. */
export function withdrawForm(available: Money, lang: string) {
  return defineForm({
    amount: money({
      label: 'Amount',
      help: `At most ${humanizeMoney(available, lang)}.`,
      min: chargeStep(available.unit),
      max: available.amount,
      unit: available.unit,
    }),
  });
}
