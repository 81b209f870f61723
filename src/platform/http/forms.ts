import { type FieldMessages, Problem } from '#kernel/problem';
import { cutText } from '#kernel/text';

/** Data of a form after a refusal. */
export interface FormProblem {
  status: number;
  code: string;
  detail: string;
  errors: FieldMessages;
  /** Page that resolves the refusal, or null. */
  location: string | null;
}

/** Converts a problem to form data. Rethrows bugs and problems that redirect (401). */
export function problemToForm(error: unknown): FormProblem {
  if (!(error instanceof Problem) || error.status >= 500) throw error;
  return {
    status: error.status,
    code: error.code,
    detail: error.fields ? '' : error.message,
    errors: error.fields ?? {},
    location: error.extra.location ?? null,
  };
}

/** Returns a text field of a posted form, trimmed; '' when absent or repeated. */
export function textField(body: unknown, name: string, length_max = 2000): string {
  if (typeof body !== 'object' || body === null) return '';
  const value: unknown = Reflect.get(body, name);
  return typeof value === 'string' ? cutText(value.trim(), length_max) : '';
}

/** Returns a secret of a posted form, untrimmed. */
export function secretField(body: unknown, name: string): string {
  if (typeof body !== 'object' || body === null) return '';
  const value: unknown = Reflect.get(body, name);
  return typeof value === 'string' ? value.slice(0, 1024) : '';
}

/** True if a checkbox of a posted form is checked. */
export function checkedField(body: unknown, name: string): boolean {
  return ['1', 'on', 'true', 'yes'].includes(textField(body, name, 5).toLowerCase());
}
