import { type Static, Type } from 'typebox';

/** Data of `_api.html`: a request and the answer of the API to it. */
export const ApiAnswer = Type.Object({ request: Type.String(), code: Type.String() });
export type ApiAnswer = Static<typeof ApiAnswer>;

/** Returns the answer of the API to a GET as indented JSON. `path` comes from paths.ts. */
export function presentApiAnswer(path: string, body: unknown): ApiAnswer {
  return { request: `GET ${path}`, code: JSON.stringify(body, null, 2) };
}
