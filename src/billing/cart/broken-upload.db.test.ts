import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findProfileBySlug } from '#profiles';
import { testContext } from '../../../test/support/context.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
  const broker = await findProfileBySlug(app.db, 'cowork');
  assert.ok(broker);
  await makePlan(await testContext(app.db), { provider_id: broker.id, slug: 'seats' });
});
after(() => app.close());

const head = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n';

async function postUpload(payload: string, type = 'multipart/form-data; boundary=x') {
  const headers = { accept: 'application/json', 'content-type': type };
  return app.http.inject({ method: 'POST', url: '/api/cart/seats/upload', headers, payload });
}

test('a truncated upload or one without a boundary responds with 400, not with 500', async () => {
  const broken = [
    await postUpload('--x\r\nContent-Dispos'),
    await postUpload(`${head}Ann,Lee,ann@exa`),
    await postUpload(`${head}Ann,Lee,ann@example.com\r\n--x--\r\n`, 'multipart/form-data'),
  ];
  for (const reply of broken)
    assert.deepEqual([reply.statusCode, Object.keys(reply.json<object>())], [400, ['file', 'code']]);
});

test('a file with a NUL character responds with 400', async () => {
  const reply = await postUpload(`${head}A\u0000nn,Lee,ann@example.com\r\n--x--\r\n`);
  assert.equal(reply.statusCode, 400, reply.body);
  assert.ok(Array.isArray(reply.json<{ file: unknown }>().file));
  assert.equal((await postUpload(`${head}Ann,Lee,ann@example.com\r\n--x--\r\n`)).statusCode, 201);
});
