import { invalidInput, Problem } from '#kernel/problem';

/** Renames the fields of an invalid_input problem to those of the request; returns other errors unchanged. */
export function renameField(error: unknown, names: Readonly<Record<string, string>>): unknown {
  if (!(error instanceof Problem) || error.fields === null) return error;
  return invalidInput(
    Object.fromEntries(Object.entries(error.fields).map(([name, messages]) => [names[name] ?? name, messages])),
  );
}
