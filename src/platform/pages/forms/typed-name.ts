import { invalidInput } from '#kernel/problem';
import { textField } from '../../http/forms.ts';

/** @throws invalid_input (400) naming `typed_name` unless the person typed the name, apart from case */
export function requireTypedName(body: unknown, name: string): void {
  const typed = textField(body, 'typed_name', 300).normalize('NFC').toLowerCase();
  if (typed === '' || typed !== name.trim().normalize('NFC').toLowerCase())
    throw invalidInput({ typed_name: [`Write it like ${name}.`] });
}
