import assert from 'node:assert/strict';
import { test } from 'node:test';
import fastify, { type FastifySchema } from 'fastify';
import { compileOnce } from './compile-once.ts';

/** Starts a server with one route; returns the compiled schemas of the route. */
async function start(schema: FastifySchema) {
  const app = fastify();
  await compileOnce(app);
  app.post('/', { schema }, () => ({ kept: 1, dropped: 2 }));
  await app.ready();
  return app;
}

const text = (max: number) => ({ type: 'object', properties: { text: { type: 'string', maxLength: max } } });
const kept = { type: 'object', properties: { kept: { type: 'integer' } } };

test('equal schemas of two servers are compiled once, different ones are not mixed', async () => {
  const [first, second, other] = await Promise.all([
    start({ body: text(3) }),
    start({ body: text(3) }),
    start({ body: text(4) }),
  ]);
  const compile = (app: typeof first, max: number) =>
    app.validatorCompiler?.({ schema: text(max), method: 'POST', url: '/', httpPart: 'body' });
  assert.equal(compile(first, 3), compile(second, 3));
  assert.notEqual(compile(first, 3), compile(first, 4));
  for (const [app, status] of [
    [first, 400],
    [second, 400],
    [other, 200],
  ] as const) {
    const { statusCode } = await app.inject({ method: 'POST', url: '/', payload: { text: 'four' } });
    assert.equal(statusCode, status);
    await app.close();
  }
});

test('a response of two servers has the fields of its schema only', async () => {
  for (const app of [await start({ response: { 200: kept } }), await start({ response: { 200: { ...kept } } })]) {
    assert.deepEqual((await app.inject({ method: 'POST', url: '/' })).json(), { kept: 1 });
    await app.close();
  }
});

test('a validator reports every error and converts nothing', async () => {
  const app = await start({
    body: { type: 'object', required: ['a', 'b'], properties: { a: { type: 'integer' } } },
    response: { 200: kept },
  });
  const { body } = await app.inject({ method: 'POST', url: '/', payload: { a: '1' } });
  assert.match(body, /required property 'b'/);
  assert.match(body, /a must be integer/);
  await app.close();
});

test('a schema of headers is refused', async () => {
  await assert.rejects(start({ headers: { type: 'object' } }), /a schema of headers is not supported: \//);
});
