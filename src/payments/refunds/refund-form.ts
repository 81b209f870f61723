import type { Money } from '#kernel/money';
import { invalidInput } from '#kernel/problem';
import { defineForm, type Form, type Fields } from '#platform/pages/forms/form';
import { optional } from '#platform/pages/forms/fields';
import { money } from '#platform/pages/forms/number-fields';
import { humanizeMoney } from '#platform/templates/humanize-money';
import type { WantedRefund } from './reserve-refund.ts';

/** A line that can be refunded; `left` in 1/100 of the unit of the charge. */
export interface RefundableLine {
  num: number;
  title: string;
  left: number;
}

export const fieldOfLine = ({ num }: Pick<RefundableLine, 'num'>) => `line_${num}`;

/** Makes the form with an amount for each line that can be refunded; an empty amount leaves the line as it is. */
export function refundForm(
  lines: readonly RefundableLine[],
  { unit }: Pick<Money, 'unit'>,
  lang: string,
): Form<Fields> {
  return defineForm(
    Object.fromEntries(
      lines.map((line) => [
        fieldOfLine(line),
        optional(
          money({
            label: line.title,
            help: `At most ${humanizeMoney({ amount: line.left, unit }, lang)}. Leave it empty to keep this line.`,
            max: line.left,
            unit,
          }),
        ),
      ]),
    ),
  );
}

/**
 * Returns the lines that a posted form refunds.
 * @throws invalid_input (400) when no line has an amount
 */
export function wantedRefunds(
  lines: readonly RefundableLine[],
  values: Readonly<Record<string, unknown>>,
): WantedRefund[] {
  const wanted = lines.flatMap((line) => {
    const amount = values[fieldOfLine(line)];
    return typeof amount === 'number' && amount > 0 ? [{ num: line.num, refunded_amount: amount }] : [];
  });
  const [first] = lines;
  if (wanted.length === 0 && first !== undefined) {
    throw invalidInput({ [fieldOfLine(first)]: ['Write the amount to refund of at least one line.'] });
  }
  return wanted;
}
