import { type FieldMessages, invalidInput } from '#kernel/problem';
import { secretField, textField } from '#platform/http/forms';

/**
 * Reads the card fields of a form. The token of the test processor is the text of the card.
 * With a processor that moves money, card fields never reach the server.
 * @throws invalid_input (400) naming each field at fault
 */
export function readCardForm(body: unknown, at: Date): string {
  const number = secretField(body, 'card_number').replace(/[ -]/g, '');
  const errors: FieldMessages = {
    ...messages('card_name', textField(body, 'card_name', 100) !== '', 'Enter the name on the card.'),
    ...messages(
      'card_number',
      /^[0-9]{12,19}$/.test(number) && isLuhn(number),
      'Enter the number on the card: 12 to 19 digits.',
    ),
    ...messages(
      'card_exp',
      isFuture(secretField(body, 'card_exp'), at),
      'Enter the month and year as MM/YY; they must not be over.',
    ),
    ...messages(
      'card_cvc',
      /^[0-9]{3,4}$/.test(secretField(body, 'card_cvc').trim()),
      'Enter the three or four digits of the security code.',
    ),
  };
  if (Object.keys(errors).length > 0) throw invalidInput(errors);
  return `${number};${expiryOf(secretField(body, 'card_exp'))};${textField(body, 'card_name', 100).replaceAll(';', ' ')}`;
}

const EXPIRY = /^\s*(0?[1-9]|1[0-2])\s*[/-]\s*(?:20)?([0-9]{2})\s*$/;

/** True if the last month of a card (MM/YY or MM/YYYY) is not over, in UTC. */
export function isFuture(text: string, at: Date): boolean {
  const match = EXPIRY.exec(text);
  if (!match) return false;
  return Date.UTC(2000 + Number(match[2]), Number(match[1]), 1) > at.getTime();
}

/** Returns `12/2030` and `12-30` as `12/30`. */
function expiryOf(text: string): string {
  const match = EXPIRY.exec(text);
  return match ? `${(match[1] ?? '').padStart(2, '0')}/${match[2]}` : '';
}

/** True if the check digit of a card number is right (ISO/IEC 7812-1, annex B). */
export function isLuhn(number: string): boolean {
  let sum = 0;
  for (const [index, char] of [...number].toReversed().entries()) {
    const digit = Number(char) * (index % 2 === 1 ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 === 0;
}

function messages(field: string, valid: boolean, message: string): FieldMessages {
  return valid ? {} : { [field]: [message] };
}
