import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { startApp, type TestApp } from '../../../../test/support/start-app.ts';

let app: TestApp;
before(async () => {
  app = await startApp({ config: { body_ms_max: 300 } });
  await app.tollgate.listen();
});
after(() => app.close());

test('a body that exceeds its time limit is cut off, a slow body within the limit is read', async () => {
  const { port, hostname } = new URL(app.tollgate.base_url());
  const head =
    'POST /api/cart/redeem HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n';

  const trickling = connect(Number(port), hostname);
  trickling.on('error', () => {}); // the server resets the connection
  trickling.write(`${head}{"c`);
  const started_ms = performance.now();
  await once(trickling, 'close');
  assert.ok(performance.now() - started_ms < 5000);

  const slow = connect(Number(port), hostname);
  slow.write(`${head}{"c`);
  setTimeout(() => slow.write('ode":"x"}'), 100);
  const [response] = await once(slow, 'data');
  slow.destroy();
  assert.match(String(response), /^HTTP\/1\.1 400 /);
});
