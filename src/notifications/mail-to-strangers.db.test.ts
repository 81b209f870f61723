import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { apiClient, registerUser } from '../../test/support/client.ts';
import { startApp, type TestApp } from '../../test/support/start-app.ts';

let app: TestApp;
before(async () => {
  app = await startApp({ config: { terms_required: false } });
});
beforeEach(() => app.tollgate.mailbox.clear());
after(() => app.close());

async function mailsTo(address: string) {
  await app.tollgate.worker.drain();
  return app.tollgate.mailbox.list(address);
}

test('an unverified address gets one message about changes of a profile, without the addresses in its name', async () => {
  const call = apiClient(app, await registerUser(app, 'noise'));
  const email = 'stranger@elsewhere.test';
  for (let count = 0; count < 8; count += 1) {
    const full_name = `Win at https://spam.test/${count} <b>now</b> spam.test`;
    assert.equal((await call('PUT', '/api/profile/noise', { full_name, email })).status, 200);
  }
  const mails = await mailsTo(email);
  assert.equal(mails.length, 1);
  const [{ subject, text, html } = { subject: '', text: '', html: '' }] = mails;
  for (const part of [subject, text, html]) assert.doesNotMatch(part, /spam\.test|<b>|&lt;b&gt;/);
  assert.match(subject, /Win at/);
});

test('a manager with a verified address gets a message about each change of the profile', async () => {
  const call = apiClient(app, await registerUser(app, 'proven'));
  await app.db
    .updateTable('users')
    .set({ email_verified_at: app.clock.now() })
    .where('username', '=', 'proven')
    .execute();
  await mailsTo('proven@example.com');
  app.tollgate.mailbox.clear();
  for (let count = 0; count < 4; count += 1)
    assert.equal((await call('PUT', '/api/profile/proven', { full_name: `Proven ${count} example.com` })).status, 200);
  const mails = await mailsTo('proven@example.com');
  assert.equal(mails.length, 4);
  assert.match(mails[0]?.text ?? '', /Proven 3 example\.com/);
});

test('a user without a provider sends twenty forced invitations to unknown recipients, regardless of the throttle factor', async () => {
  const call = apiClient(app, await registerUser(app, 'inviter'));
  for (let count = 0; count < 30; count += 1) {
    const body = {
      email: `invited-${count}@elsewhere.test`,
      full_name: 'See spam.test/x',
      message: 'Go to https://spam.test',
    };
    await call('POST', '/api/profile/inviter/roles/manager?force=1', body);
  }
  await app.tollgate.worker.drain();
  const mails = app.tollgate.mailbox.list().filter(({ to }) => to.some((each) => each.startsWith('invited-')));
  assert.equal(mails.length, 20);
  for (const { subject, text, html } of mails) assert.doesNotMatch(subject + text + html, /spam\.test/);
});

test('an invitation has no addresses in its names and message, even for a user with a verified address', async () => {
  const call = apiClient(app, await registerUser(app, 'luring'));
  await registerUser(app, 'lured');
  const verified = { email_verified_at: app.clock.now() };
  await app.db.updateTable('users').set(verified).where('username', '=', 'lured').execute();
  await mailsTo('lured@example.com');
  app.tollgate.mailbox.clear();
  await call('PUT', '/api/profile/luring', { full_name: 'Pay at https://spam.test/now' });
  const body = { slug: 'lured', message: 'Go to https://spam.test/more' };
  assert.equal((await call('POST', '/api/profile/luring/roles/manager', body)).status, 201);
  const [mail] = await mailsTo('lured@example.com');
  assert.match(mail?.subject ?? '', /Pay at/);
  for (const part of [mail?.subject, mail?.text, mail?.html]) assert.doesNotMatch(part ?? 'spam.test', /spam\.test/);
});
