import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { startApp, type TestApp } from '../support/start-app.ts';

/** An operation of the published API: fields are separated by blanks, nested ones dotted. */
interface Documented {
  method: string;
  path: string;
  query?: string;
  request?: string;
  response?: string;
}

interface Schema {
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  type?: string | string[];
  $ref?: string;
}

interface Operation {
  parameters?: { in: string; name: string }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}

/** Operations that do not exist yet, or are not part of the description of the API. */
const not_served = new Set(
  `GET /api
  POST /api/notifications/{template}
  POST /api/themes
  DELETE /api/themes
  GET /api/themes/tools
  PUT /api/themes/tools`
    .split('\n')
    .map((line) => line.trim()),
);

/** Fields that are documented and left out, each with the reason. */
const left_out: readonly { reason: string; fields: RegExp }[] = [
  { reason: '`detail` is sent when there is something to say', fields: / response (.*\.)?detail$/ },
  {
    reason: 'numbers of customers and subscriptions have no unit',
    fields: /^GET \/api\/metrics\/\{profile\}\/(customers|plans) response (scale|unit)$/,
  },
  {
    reason: 'the file is multipart, the fields are its columns',
    fields: /^POST \/api\/cart\/\{plan\}\/upload request /,
  },
  {
    reason: 'a row that failed has no item, only its text',
    fields: /^POST \/api\/cart\/\{plan\}\/upload response failed\./,
  },
  { reason: 'a field of the response only', fields: /^PUT \/api\/proxy request detail$/ },
];

let app: TestApp;
let operations: Map<string, Operation>;
const documented: readonly Documented[] = JSON.parse(
  await readFile(new URL('documented-fields.json', import.meta.url), 'utf8'),
);

const anonymous = (path: string) => path.replaceAll(/\{[^}]+\}|\*/g, '{}');

before(async () => {
  app = await startApp();
  const reply = await app.http.inject({ method: 'GET', url: '/api/openapi.json' });
  const { paths } = reply.json<{ paths: Record<string, Record<string, Operation>> }>();
  operations = new Map(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${anonymous(path)}`, operation]),
    ),
  );
});
after(() => app.close());

function operationOf({ method, path }: Documented): Operation | undefined {
  return operations.get(`${method} ${anonymous(path)}`);
}

/** True if a schema has a field; a schema without a list of fields has every field. */
function has(schema: Schema | undefined, [name, ...rest]: readonly string[]): boolean {
  if (schema === undefined) return false;
  if (name === undefined) return true;
  const { anyOf = [], oneOf = [], allOf = [], items, properties } = schema;
  const branches = [...anyOf, ...oneOf, ...allOf];
  if (branches.length > 0) return branches.some((branch) => has(branch, [name, ...rest]));
  if (items) return has(items, [name, ...rest]);
  return properties === undefined ? schema.type !== 'null' : has(properties[name], rest);
}

function missingOf(kind: 'query' | 'request' | 'response', hasField: (operation: Operation, field: string) => boolean) {
  const missing: string[] = [];
  for (const each of documented) {
    const operation = operationOf(each);
    if (!operation) continue;
    for (const field of (each[kind] ?? '').split(' ').filter((name) => name !== '')) {
      const line = `${each.method} ${each.path} ${kind} ${field}`;
      if (!hasField(operation, field) && !left_out.some(({ fields }) => fields.test(line))) missing.push(line);
    }
  }
  return missing;
}

test('every documented operation is served, except those that are listed', () => {
  const missing = documented.filter((each) => operationOf(each) === undefined);
  assert.deepEqual(
    missing.map(({ method, path }) => `${method} ${path}`).filter((name) => !not_served.has(name)),
    [],
  );
});

test('every documented query parameter is read', () => {
  assert.deepEqual(
    missingOf('query', (operation, field) =>
      (operation.parameters ?? []).some((parameter) => parameter.in === 'query' && parameter.name === field),
    ),
    [],
  );
});

test('every documented field of a request is accepted or refused, and none is dropped', () => {
  assert.deepEqual(
    missingOf('request', ({ requestBody }, field) =>
      Object.values(requestBody?.content ?? {}).some(({ schema }) => has(schema, field.split('.'))),
    ),
    [],
  );
});

test('every documented field of a response is in the response', () => {
  assert.deepEqual(
    missingOf('response', ({ responses }, field) =>
      Object.entries(responses)
        .filter(([status]) => status.startsWith('2'))
        .flatMap(([, { content = {} }]) => Object.values(content))
        .some(({ schema }) => has(schema, field.split('.'))),
    ),
    [],
  );
});

test('every exception is still needed', () => {
  const lines = documented.flatMap((each) =>
    (['request', 'response'] as const).flatMap((kind) =>
      (each[kind] ?? '').split(' ').map((field) => `${each.method} ${each.path} ${kind} ${field}`),
    ),
  );
  for (const { reason, fields } of left_out)
    assert.ok(
      lines.some((line) => fields.test(line)),
      reason,
    );
});
