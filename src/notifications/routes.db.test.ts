import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiClient, registerUser } from '../../test/support/client.ts';
import { startApp, type TestApp } from '../../test/support/start-app.ts';

let app: TestApp;
let xia: ReturnType<typeof apiClient>;
before(async () => {
  app = await startApp();
  xia = apiClient(app, await registerUser(app, 'xia'));
});
after(() => app.close());

const url = '/api/users/xia/notifications';

test('a new user is notified of all events and chooses which to keep', async () => {
  const all = (await xia('GET', url)).json<{ notifications: string[] }>().notifications;
  assert.ok(all.includes('charge_updated') && all.includes('card_updated') && !all.includes('user_registered'));

  const kept = await xia('PUT', url, { notifications: ['charge_updated', 'nonsense'] });
  assert.equal(kept.status, 200);
  assert.deepEqual(kept.json(), { notifications: ['charge_updated'] });
  assert.deepEqual((await xia('GET', url)).json(), { notifications: ['charge_updated'] });
});

test('an empty partial update changes nothing', async () => {
  const before_it = (await xia('GET', url)).json();
  assert.deepEqual((await xia('PATCH', url, {})).json(), before_it);
});

test('a missing or malformed list is rejected with its name', async () => {
  for (const body of [{}, { notifications: 'charge_updated' }, { notifications: [1] }]) {
    const refused = await xia('PUT', url, body);
    assert.equal(refused.status, 400);
    assert.deepEqual(
      Object.keys(refused.json())
        .filter((member) => member !== 'code' && member !== 'detail')
        .map((each) => each.split('.')[0]),
      ['notifications'],
    );
  }
});

test('only the user reads and changes the preferences', async () => {
  const kenneth = apiClient(app, await registerUser(app, 'kenneth'));
  for (const [who, status] of [
    [apiClient(app), 401],
    [kenneth, 403],
  ] as const) {
    assert.equal((await who('GET', url)).status, status);
    assert.equal((await who('PUT', url, { notifications: [] })).status, status);
  }
});

test('a registration sends a welcome to the user and a notice to the broker', async () => {
  await app.tollgate.worker.drain();
  const subjects = app.tollgate.mailbox
    .list()
    .filter(({ text }) => text.includes('xia'))
    .map(({ event, to }) => `${event} to ${to.join()}`);
  assert.deepEqual(
    subjects.toSorted((a, b) => a.localeCompare(b)),
    ['user_registered to support@cowork.example.com', 'user_welcome to xia@example.com'],
  );
});
