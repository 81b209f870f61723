import { type FieldMessages, Problem } from '#kernel/problem';

/** What a page needs to show a form again after a refusal. */
export interface FormProblem {
  status: number;
  code: string;
  detail: string;
  errors: FieldMessages;
  /** The page where the reader can do what the refusal asks for, or null. */
  location: string | null;
}

/** Turns an expected refusal into what the form shows; anything else is thrown on, as are refusals that lead elsewhere (401). */
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

/** A text field of a posted form, trimmed; '' when absent or given twice. */
export function textField(body: unknown, name: string, length_max = 2000): string {
  if (typeof body !== 'object' || body === null) return '';
  const value: unknown = Reflect.get(body, name);
  return typeof value === 'string' ? value.trim().slice(0, length_max) : '';
}

/** A secret of a posted form, untrimmed. */
export function secretField(body: unknown, name: string): string {
  if (typeof body !== 'object' || body === null) return '';
  const value: unknown = Reflect.get(body, name);
  return typeof value === 'string' ? value.slice(0, 1024) : '';
}

/** A checkbox of a posted form. */
export function checkedField(body: unknown, name: string): boolean {
  return ['1', 'on', 'true', 'yes'].includes(textField(body, name, 5).toLowerCase());
}
