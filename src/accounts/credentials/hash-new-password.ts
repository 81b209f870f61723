import { invalidInput } from '#kernel/problem';
import { hashPassword } from '#platform/security/password';
import { passwordRefusalMessage, refusePassword, type PasswordFacts } from '#platform/security/password-policy';
import type { AccountsSettings } from '../settings.ts';

/**
 * Hashes a new password that meets the policy of the site.
 *
 * @throws invalid_input (400) naming `new_password`; busy (503)
 */
export async function hashNewPassword(
  settings: AccountsSettings,
  password: string,
  facts: PasswordFacts,
): Promise<string> {
  await requirePasswordPolicy(settings, password, facts);
  return hashPassword(password);
}

/** Requires that a password meets the policy of the site. @throws invalid_input (400) naming `new_password` */
export async function requirePasswordPolicy(
  settings: AccountsSettings,
  password: string,
  facts: PasswordFacts,
): Promise<void> {
  const refusal = await refusePassword(password, facts, settings.password_policy);
  if (refusal) throw invalidInput({ new_password: [passwordRefusalMessage(refusal, settings.password_policy)] });
}
