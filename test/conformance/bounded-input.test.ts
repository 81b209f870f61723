import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startApp, type TestApp } from '../support/start-app.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

interface JsonSchema {
  [keyword: string]: unknown;
  type?: string;
  anyOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
}

test('every text, list and free value that an operation of the API takes in its body has a bound', () => {
  const document = JSON.parse(JSON.stringify(app.http.swagger())) as {
    paths: Record<string, Record<string, { requestBody?: { content: Record<string, { schema: JsonSchema }> } }>>;
  };
  const unbounded: string[] = [];
  let bodies_count = 0;
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, { requestBody }] of Object.entries(operations)) {
      for (const { schema } of Object.values(requestBody?.content ?? {})) {
        bodies_count += 1;
        unbounded.push(...unboundedIn(schema, `${method} ${path}`));
      }
    }
  }
  assert.ok(bodies_count >= 40, `${bodies_count} bodies were read`);
  assert.deepEqual(unbounded, []);
});

function unboundedIn(schema: JsonSchema, where: string): string[] {
  if (schema.anyOf) return schema.anyOf.flatMap((each) => unboundedIn(each, where));
  if ('enum' in schema || 'const' in schema) return [];
  switch (schema.type) {
    case 'string':
      return 'maxLength' in schema || hasBoundedPattern(schema) ? [] : [where];
    case 'array':
      return [...('maxItems' in schema ? [] : [where]), ...unboundedIn(schema.items ?? {}, `${where}[]`)];
    case 'object':
      return Object.entries(schema.properties ?? {}).flatMap(([name, each]) => unboundedIn(each, `${where}.${name}`));
    case undefined:
      return 'x-max-json-bytes' in schema ? [] : [where];
    default:
      return [];
  }
}

/** A pattern that is anchored and repeats at most a given number of times, such as `^[a-z]{3}$`. */
function hasBoundedPattern({ pattern }: JsonSchema): boolean {
  return (
    typeof pattern === 'string' &&
    /^\^.*\$$/.test(pattern) &&
    !/[*+]|\{\d+,\}/.test(pattern.replaceAll(/\[[^\]]*\]/g, ''))
  );
}
