import { invalidInput } from '#kernel/problem';
import { secretField } from '#platform/http/forms';

/**
 * Reads a new password and its repetition from a form.
 *
 * @throws invalid_input (400) naming `new_password` or `new_password2`
 */
export function readNewPassword(body: unknown): string {
  const new_password = secretField(body, 'new_password');
  if (new_password === '') throw invalidInput({ new_password: ['This field is required.'] });
  if (new_password !== secretField(body, 'new_password2')) {
    throw invalidInput({ new_password2: ['The two passwords are not the same.'] });
  }
  return new_password;
}
