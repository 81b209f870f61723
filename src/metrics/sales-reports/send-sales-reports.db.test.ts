import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { postEvent } from '#ledger';
import { inTransaction } from '#platform/db/database';
import { makeSubject, orderEntry } from '../../../test/support/factories/ledger.ts';
import { makeOrganization, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { runJob } from '../../../test/support/run-job.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
before(async () => {
  app = await startApp({ now: new Date('2026-03-09T05:00:00Z') });
});
after(() => app.close());

test('the mail of a week is sent once, when the week ended in the zone of the provider', async () => {
  const manager = await makeReadyUser(app.db, { username: 'alice', at: app.clock.now() });
  const provider = await makeOrganization(app.db, { slug: 'club', manager, is_provider: true });
  await app.db
    .updateTable('profiles')
    .set({ default_timezone: 'America/Los_Angeles', created_at: new Date('2026-03-03T00:00:00Z') })
    .where('id', '=', provider.id)
    .execute();
  const payer = await makeOrganization(app.db, { slug: 'acme', manager });
  const order = (key: string, at: string, amount: number) =>
    inTransaction(app.db, (tx) => {
      const entries = [orderEntry({ provider: provider.id, payer: payer.id, amount, subject: makeSubject() })];
      return postEvent(tx, { key, kind: 'test', at: new Date(at), entries });
    });
  await order('test:1', '2026-02-24T12:00:00Z', 2000);
  await order('test:2', '2026-03-03T12:00:00Z', 3000);
  const mails = async () => {
    await app.tollgate.worker.drain();
    return app.tollgate.mailbox
      .list('alice@example.com')
      .filter(({ event }) => event === 'period_sales_report_created');
  };
  const runAt = async (at: string) => {
    app.clock.set(new Date(at));
    await runJob(app.tollgate, 'send_sales_reports');
  };
  // Monday, 06:30 UTC: still Sunday in Los Angeles, where summer time began on this Sunday.
  await runAt('2026-03-09T06:30:00Z');
  assert.deepEqual(await mails(), []);
  await runAt('2026-03-09T07:05:00Z');
  const [mail] = await mails();
  assert.ok(mail);
  assert.match(mail.text, /Total revenue/);
  assert.match(mail.text, /\$30\.00/);
  assert.match(mail.text, /\+50\.0%/);
  assert.match(mail.text, /N\/A/);
  assert.match(mail.text, /from Mar 2, 2026 to Mar 8, 2026/);
  assert.doesNotMatch(mail.text, /New on the site/);
  for (const at of ['2026-03-09T08:05:00Z', '2026-03-10T20:05:00Z']) await runAt(at);
  assert.equal((await mails()).length, 1);
  await runAt('2026-03-16T07:05:00Z');
  assert.equal((await mails()).length, 2);

  // The program was down for more than a day, and for the whole week before: the latest week is reported, once.
  await runAt('2026-04-02T09:05:00Z');
  assert.equal((await mails()).length, 3);
  assert.ok((await mails()).some(({ text }) => text.includes('from Mar 23, 2026 to Mar 29, 2026')));
  // In another zone the week ended at another instant: it is the same week.
  await app.db.updateTable('profiles').set({ default_timezone: 'Asia/Tokyo' }).where('id', '=', provider.id).execute();
  for (const at of ['2026-04-02T10:05:00Z', '2026-04-05T14:05:00Z']) await runAt(at);
  assert.equal((await mails()).length, 3);
  await runAt('2026-04-05T15:05:00Z');
  assert.equal((await mails()).length, 4);
});
