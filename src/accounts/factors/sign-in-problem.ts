import type { CodeFieldName, FactorRefusal } from './check-factors.ts';
import { accountsProblems, fieldProblem } from '../problems.ts';

/** Converts a refusal of factors to the Problem of a sign-in. */
export function signInProblem(verdict: FactorRefusal, at: Date) {
  switch (verdict.kind) {
    case 'needed':
      if (verdict.field === 'otp_code')
        return signInStepProblem({ otp_code: ['Enter the code that your authenticator shows.'] });
      if (verdict.field === 'email_code')
        return signInStepProblem({ email: ['We sent a code to your e-mail address.'] });
      return signInStepProblem({ phone: ['We sent a code to your phone.'] });
    case 'locked':
      return accountsProblems.otp_locked({ retry_after_s: secondsUntil(verdict.until, at) });
    case 'wrong':
      return wrongCodeProblem(verdict.field);
    case 'used':
      return fieldProblem(accountsProblems.code_wrong, { [verdict.field]: [usedCodeMessage] });
  }
}

export const usedCodeMessage = 'This code was already used. Wait for the next one.';

export function signInStepProblem(fields: Record<string, string[]>) {
  return fieldProblem(accountsProblems.sign_in_step_required, fields);
}

export function wrongCodeProblem(field: CodeFieldName) {
  return fieldProblem(accountsProblems.code_wrong, { [field]: ['This code is wrong or no longer valid.'] });
}

/** Returns the whole seconds from `at` until the instant; at least 1, for Retry-After. */
export function secondsUntil(instant: Date, at: Date): number {
  return Math.max(1, Math.ceil((instant.getTime() - at.getTime()) / 1000));
}
