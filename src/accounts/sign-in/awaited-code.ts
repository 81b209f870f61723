import { Problem } from '#kernel/problem';
import type { CodeField, GivenCodes } from '../factors/index.ts';
import { accountsProblems } from '../problems.ts';

/** The code that a sign-in waits for, and what to say about the one that came. */
export interface AwaitedCode {
  field: CodeField;
  /** Empty when no code came yet. */
  messages: readonly string[];
}

const fieldsOfStep: readonly [name: string, field: CodeField][] = [
  ['otp_code', 'otp_code'],
  ['email', 'email_code'],
  ['phone', 'phone_code'],
];

/** Says which code a refused sign-in waits for; null when the refusal is about something else. */
export function findAwaitedCode(error: unknown): AwaitedCode | null {
  if (!(error instanceof Problem)) return null;
  switch (error.code) {
    case accountsProblems.sign_in_step_required.code: {
      const due = fieldsOfStep.find(([name]) => error.fields?.[name] !== undefined);
      return due ? { field: due[1], messages: [] } : null;
    }
    case accountsProblems.code_wrong.code: {
      const wrong = fieldsOfStep.find(([, field]) => error.fields?.[field] !== undefined);
      return wrong ? { field: wrong[1], messages: error.fields?.[wrong[1]] ?? [] } : null;
    }
    case accountsProblems.otp_locked.code:
      return { field: 'otp_code', messages: [error.message] };
    default:
      return null;
  }
}

/** Reads which code a form carries; the generator's unless it says otherwise. */
export function parseCodeField(text: string): CodeField {
  return text === 'email_code' || text === 'phone_code' ? text : 'otp_code';
}

/** The codes shown so far, without the one that must be entered again. */
export function removeCode(codes: GivenCodes, field: CodeField): GivenCodes {
  return { ...codes, [field]: undefined };
}
