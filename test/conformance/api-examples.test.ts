import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readApiExamples } from '../../src/platform/http/reference/api-examples.ts';
import { startApp, type TestApp } from '../support/start-app.ts';
import { recordExamples } from './api-examples/record-examples.ts';
import { scenario } from './api-examples/scenario.ts';

interface MediaTypes {
  content?: Record<string, { example?: unknown }>;
}
interface Operation {
  summary?: string;
  description?: string;
  requestBody?: MediaTypes;
  responses?: Record<string, MediaTypes>;
}

const DESCRIPTION_LENGTH_MIN = 25;

let app: TestApp;
let operations: [name: string, operation: Operation][];

before(async () => {
  app = await startApp({ config: { mode: 'production' } });
  const document = app.http.swagger() as { paths: Record<string, Record<string, Operation>> }; // generated
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  );
});
after(() => app.close());

test('every operation has a summary, a description and an example of request and response', () => {
  const faults = operations.flatMap(([name, { summary = '', description = '', requestBody, responses = {} }]) => {
    const example = readApiExamples()[name];
    if (!example) return [`${name}: no example`];
    const shown = (target: MediaTypes | undefined) =>
      Object.values(target?.content ?? {}).every((media) => media.example !== undefined);
    return [
      ...(summary === '' ? [`${name}: no summary`] : []),
      ...((description.split('\n\n')[0]?.length ?? 0) < DESCRIPTION_LENGTH_MIN ? [`${name}: no description`] : []),
      ...(shown(requestBody) ? [] : [`${name}: no example of the request`]),
      ...(example.response.body === undefined || shown(responses[String(example.response.status)])
        ? []
        : [`${name}: no example of the response`]),
    ];
  });
  assert.deepEqual(faults, []);
});

test('a site with sample data accepts each example and returns the response that is shown', async () => {
  const { examples, failures } = await recordExamples(scenario);
  assert.deepEqual(failures, []);
  const names = new Set(operations.map(([name]) => name));
  assert.deepEqual(
    Object.keys(examples).filter((name) => !names.has(name)),
    [],
    'examples of operations that do not exist',
  );
  // After a change of a schema: npm run gen:examples
  assert.deepEqual(JSON.parse(JSON.stringify(examples)), readApiExamples());
});
