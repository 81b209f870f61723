import { Problem } from '#kernel/problem';
import type { CodeFieldName, GivenCodes } from '../factors/index.ts';
import { accountsProblems } from '../problems.ts';

/** Code that the sign-in requires next, and the messages about a wrong one. */
export interface AwaitedCode {
  field: CodeFieldName;
  /** Empty if no code was entered yet. */
  messages: readonly string[];
}

const fieldsOfStep: readonly [name: string, field: CodeFieldName][] = [
  ['otp_code', 'otp_code'],
  ['email', 'email_code'],
  ['phone', 'phone_code'],
];

/** Returns the code that a refused sign-in waits for; null if the refusal has another reason. */
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

/** Parses the kind of code that a form contains; `otp_code` by default. */
export function parseCodeFieldName(text: string): CodeFieldName {
  return text === 'email_code' || text === 'phone_code' ? text : 'otp_code';
}

/** Returns the codes without the one that must be entered again. */
export function removeCode(codes: GivenCodes, field: CodeFieldName): GivenCodes {
  return { ...codes, [field]: undefined };
}
