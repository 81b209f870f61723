import type { Money } from '#kernel/money';
import { humanizeMoney } from '#platform/templates/humanize-money';

/**
 * Returns a function that formats amounts for a reader of `lang`. It formats each amount once, because the 10,000 lines
 * of a long receipt repeat theirs and would block the process for 50 ms.
 */
export function moneyTexts(lang: string): (value: Money) => string {
  const texts = new Map<string, string>();
  return ({ amount, unit }) => {
    const key = `${amount} ${unit}`;
    const text = texts.get(key) ?? humanizeMoney({ amount, unit }, lang);
    texts.set(key, text);
    return text;
  };
}
