import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fastify from 'fastify';
import { openTestDatabase, type TestDatabase } from '../../../../test/support/database.ts';
import type { HttpOptions } from '../app.ts';
import { registerHealth } from './health.ts';
import { problemBody, toProblem } from './problem-reply.ts';

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

async function ask(url: string, isStopping: boolean) {
  const app = fastify();
  app.setErrorHandler((error, _request, reply) => {
    const problem = toProblem(error);
    return reply.status(problem.status).send(problemBody(problem));
  });
  const options: Pick<HttpOptions, 'probeDatabase' | 'version' | 'isStopping'> = {
    probeDatabase: () => database.probe(),
    version: '1.2.3',
    isStopping: () => isStopping,
  };
  registerHealth(app, options as HttpOptions); // health reads these options only
  const reply = await app.inject({ url });
  await app.close();
  return { status: reply.statusCode, body: reply.json<Record<string, unknown>>() };
}

test('a process that serves is alive and ready', async () => {
  assert.deepEqual(await ask('/healthz', false), { status: 200, body: { status: 'ok', version: '1.2.3' } });
  assert.deepEqual(await ask('/readyz', false), { status: 200, body: { status: 'ok', version: '1.2.3' } });
});

test('a stopping process is alive and not ready', async () => {
  assert.equal((await ask('/healthz', true)).status, 200);
  const { status, body } = await ask('/readyz', true);
  assert.deepEqual([status, body['code']], [503, 'not_ready']);
});
