import { invalidInput, Problem } from '#kernel/problem';

/** Names the fields of a refusal as the caller knows them; anything else stays as it is. */
export function renameField(error: unknown, names: Readonly<Record<string, string>>): unknown {
  if (!(error instanceof Problem) || error.fields === null) return error;
  return invalidInput(
    Object.fromEntries(Object.entries(error.fields).map(([name, messages]) => [names[name] ?? name, messages])),
  );
}
