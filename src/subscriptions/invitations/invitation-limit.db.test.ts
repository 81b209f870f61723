import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type TestResponse, apiClient, registerUser } from '../../../test/support/client.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

type Call = ReturnType<typeof apiClient>;

let app: TestApp;
before(async () => {
  app = await startApp({ config: { throttle_factor: 1, terms_required: false } });
});
after(() => app.close());

/** Registers a provider with a plan, the only requirement for sending invitations. */
async function makeSpammer(name: string): Promise<Call> {
  const call = apiClient(app, await registerUser(app, name));
  await app.db.updateTable('profiles').set({ is_provider: true }).where('slug', '=', name).execute();
  const plan = { title: `Plan of ${name}`, slug: `${name}-plan`, is_active: true };
  assert.equal((await call('POST', `/api/profile/${name}/plans`, plan)).status, 201);
  return call;
}

async function tooManyAfter(call: () => Promise<TestResponse>): Promise<number> {
  for (let count = 0; count < 70; count += 1) if ((await call()).status === 429) return count;
  return Number.POSITIVE_INFINITY;
}

test('a provider can grant 60 subscriptions to unknown addresses per hour', async () => {
  const call = await makeSpammer('spammer');
  let n = 0;
  const count = await tooManyAfter(() => {
    const profile = { email: `target-${(n += 1)}@example.com`, full_name: 'Target', type: 'personal' };
    return call('POST', '/api/profile/spammer/plans/spammer-plan/subscriptions?force=1', { profile, message: 'Buy!' });
  });
  assert.equal(count, 60);
});

test('a user who is not a provider can invite 20 times per hour', async () => {
  const call = apiClient(app, await registerUser(app, 'ordinary'));
  let n = 0;
  const count = await tooManyAfter(() => {
    const body = { email: `guest-${(n += 1)}@example.com`, full_name: 'Guest' };
    return call('POST', '/api/profile/ordinary/roles/manager?force=1', body);
  });
  assert.equal(count, 20);
});

test('created profiles and role requests count towards the limit of invitations', async () => {
  const maker = await makeSpammer('maker');
  let n = 0;
  const made = await tooManyAfter(() => {
    n += 1;
    const person = { type: 'personal', slug: `person-${n}`, full_name: 'Person', email: `person-${n}@example.com` };
    return maker('POST', '/api/users/maker/profiles', person);
  });
  assert.equal(made, 60);
  const asker = await makeSpammer('asker');
  const asked = await tooManyAfter(() =>
    asker('POST', '/api/users/asker/accessibles', { slug: 'cowork', message: 'Hello' }),
  );
  assert.equal(asked, 60);
});
