const SECRET =
  /pass|secret|token|otp|cvc|cvv|csrf|signature|^step$|^key$|_key$|^(?:email_|phone_|security_|recovery_)?code$|^pin$|^iban$|account_number|routing_number/i;

/** Names of card fields; the name on the card is no secret. */
const CARD = /^card_(?!name$)/i;

/** True if a field of this name is never kept. Fields that `secret` declares must have such a name. */
export function isSecretName(name: string): boolean {
  return SECRET.test(name) || CARD.test(name);
}

/** True for a text with a payment card number, in any field: 13 to 19 digits that pass the Luhn check. */
export function hasCardNumber(text: string): boolean {
  return (text.match(/\d(?:[ -]?\d){12,18}/g) ?? []).some((found) => passesLuhn(found.replace(/\D/g, '')));
}

function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
