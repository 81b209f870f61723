import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addExample } from './api-examples.ts';
import { describeApi, fieldsOf, type OpenApiDocument, typeOf } from './api-reference.ts';

const card = { type: 'object', required: ['token'], properties: { token: { type: 'string', maxLength: 200 } } };
const makeDocument = (): OpenApiDocument => ({
  paths: {
    '/api/billing/{profile}/card': {
      put: {
        tags: ['billing'],
        summary: 'Replaces the card on file',
        description: 'The former card is removed.\n\nThe caller must be a manager.',
        security: [{ token: [] }],
        parameters: [{ name: 'profile', in: 'path', required: true, schema: { type: 'string' } }],
        requestBody: { content: { 'application/json': { schema: card } } },
        responses: {
          '200': { description: 'Default Response', content: { 'application/json': { schema: card } } },
          '400': { description: '`card_declined`: The card was declined.' },
        },
      },
    },
    '/api/auth': { post: { tags: ['auth'], summary: 'Authenticates a user' } },
  },
});

test('operations are grouped, with their paragraphs, fields and refusals', () => {
  const tags = describeApi(makeDocument(), 'https://site.example');
  assert.deepEqual(
    tags.map(({ slug }) => slug),
    ['auth', 'billing'],
  );
  const [operation] = tags[1]?.operations ?? [];
  assert.equal(operation?.id, 'put-api-billing-profile-card');
  assert.deepEqual(operation?.description, ['The former card is removed.', 'The caller must be a manager.']);
  assert.deepEqual(operation?.body, [
    { name: 'token', type: 'string, up to 200 characters', required: true, description: '' },
  ]);
  assert.deepEqual(operation?.responses[1]?.description, ['`card_declined`: The card was declined.']);
});

test('a command line sends the example, quoted for a shell', () => {
  const document = makeDocument();
  const put = document.paths?.['/api/billing/{profile}/card']?.['put'];
  assert.ok(put);
  addExample(put, {
    path: { profile: 'xia' },
    query: {},
    body: { token: "it's" },
    response: { status: 200, body: { token: 'x' } },
  });
  const operation = describeApi(document, 'https://site.example')[1]?.operations[0];
  assert.ok(operation);
  assert.ok(operation.curl.startsWith("curl -X PUT 'https://site.example/api/billing/xia/card'"));
  assert.ok(operation.curl.includes(String.raw`-d '{"token":"it'\''s"}'`));
  assert.equal(operation.request_example, '{\n  "token": "it\'s"\n}');
  assert.equal(operation.responses[0]?.example, '{\n  "token": "x"\n}');
});

test('fields of lists and of alternatives are listed once, under the path of each', () => {
  const schema = {
    properties: {
      results: { items: { properties: { slug: { type: 'string' } } } },
      plan: { anyOf: [{ type: 'null' }, { properties: { slug: { type: 'string' } } }] },
    },
  };
  assert.deepEqual(
    fieldsOf(schema).map(({ name }) => name),
    ['results', 'results[].slug', 'plan', 'plan.slug'],
  );
});

test('a type is named with its limits', () => {
  assert.equal(typeOf({ anyOf: [{ type: 'integer', minimum: 0 }, { type: 'null' }] }), 'integer, from 0 or null');
  assert.equal(typeOf({ enum: ['a', 'b'] }), '"a" or "b"');
  assert.equal(typeOf({ items: { type: 'string' } }), 'array of string');
  assert.equal(typeOf({}), 'any JSON');
});
