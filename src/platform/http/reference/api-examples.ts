import { readFileSync } from 'node:fs';

/** One recorded call of an operation: the request that was sent to a site with sample data, and its response. */
export interface ApiExample {
  /** Values of the path parameters. */
  path: Record<string, string>;
  query: Record<string, string>;
  /** JSON of the request; absent when the operation takes no body. */
  body?: unknown;
  response: { status: number; body?: unknown };
}

/** Examples by operation, for instance `GET /api/profile/{profile}`; written by tools/gen-api-examples.ts. */
export type ApiExamples = Readonly<Record<string, ApiExample>>;

export function readApiExamples(): ApiExamples {
  return JSON.parse(readFileSync(new URL('./api-examples.json', import.meta.url), 'utf8')) as ApiExamples; // generated
}

interface MediaTypes {
  content?: Record<string, { example?: unknown }>;
}

/** An operation of an OpenAPI document, as far as an example is added to it. */
export interface ExampleTarget {
  parameters?: { name?: string; in?: string; example?: unknown }[];
  requestBody?: MediaTypes;
  responses?: Record<string, MediaTypes>;
}

/** Adds the recorded values to the parameters, the request and the response of the operation. */
export function addExample(operation: ExampleTarget, example: ApiExample): void {
  for (const parameter of operation.parameters ?? []) {
    const values = parameter.in === 'path' ? example.path : parameter.in === 'query' ? example.query : {};
    if (parameter.name !== undefined && parameter.name in values) parameter.example = values[parameter.name];
  }
  if (example.body !== undefined) setExample(operation.requestBody, example.body);
  if (example.response.body !== undefined)
    setExample(operation.responses?.[String(example.response.status)], example.response.body);
}

function setExample(target: MediaTypes | undefined, value: unknown): void {
  for (const media of Object.values(target?.content ?? {})) media.example = value;
}
