import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiClient, signInBrowser } from '../../test/support/client.ts';
import { testPassword } from '../../test/support/factories/accounts.ts';
import { makeParkedMessage } from '../../test/support/factories/payments.ts';
import { makeMember, makeReadyUser } from '../../test/support/factories/profiles.ts';
import { runJob } from '../../test/support/run-job.ts';
import { tokenOf } from '../../test/support/sign-in.ts';
import { startApp, type TestApp } from '../../test/support/start-app.ts';
import { inTransaction } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { findProfileBySlug } from '#profiles';

let app: TestApp;
let api: ReturnType<typeof apiClient>;
let reader: ReturnType<typeof apiClient>;

before(async () => {
  app = await startApp();
  const broker = await findProfileBySlug(app.db, 'cowork');
  assert.ok(broker);
  const manager = await makeReadyUser(app.db, { username: 'olga' });
  await makeMember(app.db, broker, manager, 'manager');
  api = apiClient(app, await tokenOf(app, manager));
  const contributor = await makeReadyUser(app.db, { username: 'carl' });
  await makeMember(app.db, broker, contributor, 'contributor');
  reader = apiClient(app, await tokenOf(app, contributor));
});
after(() => app.close());

const later = (ms: number) => new Date(app.clock.now().getTime() + ms);

interface Schedule {
  name: string;
  outcome: string;
  last_run_at: string | null;
  next_run_at: string;
  took_ms: number | null;
}
interface Failed {
  id: number;
  name: string;
  kind: string;
  state: string;
  attempts_count: number;
  last_retry: { by: string; at: string } | null;
}
const list = async <Row>(url: string) => (await api('GET', url)).json<{ count: number; results: Row[] }>();

/** Emits events that no subscriber can read, and attempts them until they are parked. */
async function parkEvents(count: number): Promise<void> {
  await inTransaction(app.db, async (tx) => {
    for (let i = 0; i < count; i += 1) await emit(tx, { name: 'charge_updated', payload: {} }, app.clock.now());
  });
  for (let attempt = 1; attempt <= 10; attempt += 1) {
    await app.tollgate.worker.drain();
    app.clock.set(later(3_600_000));
  }
}

test('the list of schedules has the last and the next run of each job', async () => {
  await app.tollgate.worker.runDue(app.clock, later(3_600_000));
  const { count, results } = await list<Schedule>('/api/jobs?q=settle_&q_f=name&page_size=100');
  assert.deepEqual([count, results.map(({ name }) => name)], [2, ['settle_disputes', 'settle_pending_charges']]);
  const [, charges] = results;
  assert.equal(charges?.outcome, 'done');
  assert.equal(charges.last_run_at, '2026-03-10T16:00:00.000Z');
  assert.equal(charges.next_run_at, '2026-03-10T16:05:00.000Z');
  assert.ok(charges.took_ms !== null && charges.took_ms >= 0);
  const all = await list<Schedule>('/api/jobs?page_size=100');
  const done = await list<Schedule>('/api/jobs?page_size=100&outcome=done');
  const never = await list<Schedule>('/api/jobs?page_size=100&outcome=never');
  assert.ok(done.count > 0 && never.count > 0 && done.count + never.count === all.count);
  const sorted = (await list<Schedule>('/api/jobs?page_size=100&o=-next_run_at')).results.map((row) => row.next_run_at);
  assert.deepEqual(sorted, sorted.toSorted().toReversed());
  assert.equal((await api('GET', '/api/jobs?page=99')).status, 404);
});

test('a parked event is retried by a manager of the broker, who is recorded', async () => {
  await parkEvents(3);
  const parked = await list<Failed>(
    '/api/jobs/failed?state=parked&kind=event&q=charge_updated&page_size=2&o=created_at',
  );
  assert.deepEqual([parked.count, parked.results.length], [3, 2]);
  const [first] = parked.results;
  assert.deepEqual(
    [first?.name, first?.state, first?.attempts_count, first?.last_retry],
    ['charge_updated', 'parked', 10, null],
  );
  assert.equal((await list<Failed>('/api/jobs/failed?kind=job')).count, 0);

  const url = `/api/jobs/failed/${first?.id}/retry`;
  assert.equal((await reader('POST', url)).status, 403, 'a contributor reads only');
  assert.equal((await reader('GET', '/api/jobs/failed')).status, 200);
  assert.deepEqual((await api('POST', url)).json(), { count: 1 });
  const at = app.clock.now().toISOString();
  const again = await api('POST', url);
  assert.deepEqual([again.status, again.json()['code']], [409, 'work_not_parked']);
  const unknown = await api('POST', '/api/jobs/failed/999999/retry');
  assert.deepEqual([unknown.status, unknown.json()['code']], [404, 'failed_work_unknown']);

  await app.tollgate.worker.drain();
  const retrying = await list<Failed>('/api/jobs/failed?state=retrying');
  assert.deepEqual(
    retrying.results.map(({ id, attempts_count, last_retry }) => [id, attempts_count, last_retry]),
    [[first?.id, 1, { by: 'olga', at }]],
  );
});

test('the lists of work are downloaded as CSV with the filters of their pages', async () => {
  const browser = await signInBrowser(app, 'olga', testPassword);
  const jobs = await browser.get('/site/jobs/download/?q=settle_');
  assert.equal(jobs.headers['content-type'], 'text/csv; charset=utf-8');
  const [heading, ...rows] = jobs.text.trim().split('\r\n');
  assert.equal(heading, 'Job,Schedule,Outcome,Last run,Milliseconds,Next run,Failed attempts,Error');
  assert.deepEqual(
    rows.map((row) => row.split(',')[0]),
    ['settle_disputes', 'settle_pending_charges'],
  );
  const failed = await browser.get('/site/jobs/failed/download/?state=parked&kind=event');
  assert.match(failed.text, /^Since,Kind,Name,State,Attempts,/);
  assert.match(failed.text, /,event,charge_updated,parked,10,/);
  assert.equal((await browser.get('/site/jobs/failed/download/?kind=job')).text.trim().split('\r\n').length, 1);
});

test('all parked rows are retried together, and /metrics reports them', async () => {
  const gauge = async (name: string) =>
    Number(new RegExp(`^${name} (\\d+)$`, 'm').exec((await api('GET', '/metrics')).text)?.[1]);
  assert.deepEqual([await gauge('tollgate_events_parked'), await gauge('tollgate_work_retrying')], [2, 1]);
  assert.equal(await gauge('tollgate_jobs_parked'), 0);
  assert.equal(await gauge('tollgate_schedules_failed'), 0);
  assert.deepEqual((await api('POST', '/api/jobs/failed/retry')).json(), { count: 2 });
  assert.equal(await gauge('tollgate_events_parked'), 0);
});

test('the pages list schedules and failed work, and retry it by a form', async () => {
  await parkEvents(1);
  await runJob(app.tollgate, 'settle_disputes');
  const browser = await signInBrowser(app, 'olga', testPassword);
  const jobs = await browser.get('/site/jobs/?page_size=100');
  assert.equal(jobs.status, 200);
  assert.match(jobs.text, /settle_disputes/);
  assert.match((await browser.get('/site/jobs/?outcome=failed')).text, /No schedule|Nothing|no schedules/i);
  const page = await browser.get('/site/jobs/failed/?state=parked');
  const id = /name="work" value="(\d+)"/.exec(page.text)?.[1];
  assert.ok(id, page.text);
  const retried = await browser.post('/site/jobs/failed/?state=parked', { action: 'retry', work: id });
  assert.equal(retried.status, 303);
  assert.match((await browser.follow(retried)).text, /charge_updated is attempted again/);
  const refused = await browser.follow(await browser.post('/site/jobs/failed/', { action: 'retry', work: id }));
  assert.match(refused.text, /retried automatically/);
  const all = await browser.follow(await browser.post('/site/jobs/failed/', { action: 'retry_all' }));
  assert.match(all.text, /parked rows? (is|are) attempted again/);
});

test('a failed occurrence of a schedule is listed with its error', async () => {
  await app.db
    .updateTable('outbox_events')
    .set({ last_error: 'Error: out of paper', ran_at: app.clock.now(), attempts_count: 1 })
    .where('name', '=', 'job:settle_disputes')
    .execute();
  const { results } = await list<Schedule & { error: string }>('/api/jobs?outcome=failed');
  assert.deepEqual(
    results.map(({ name, error }) => [name, error]),
    [['settle_disputes', 'Error: out of paper']],
  );
});

test('a parked profile is listed with its reason, and a manager of the broker releases it', async () => {
  const user = await makeReadyUser(app.db, { username: 'petra', personal: true });
  const profile = await findProfileBySlug(app.db, user.username);
  assert.ok(profile);
  await app.db
    .insertInto('parked_profiles')
    .values({
      profile_id: profile.id,
      job: 'recognise_income',
      reason: 'the books break a rule',
      parked_at: app.clock.now(),
    })
    .execute();
  const parked = async () =>
    list<{ profile: { slug: string }; job: string; reason: string }>('/api/jobs/parked?q=petra&o=-parked_at');
  const { count, results } = await parked();
  assert.deepEqual([count, results[0]?.profile.slug, results[0]?.reason], [1, 'petra', 'the books break a rule']);
  assert.match((await api('GET', '/metrics')).text, /^tollgate_profiles_parked 1$/m);
  const browser = await signInBrowser(app, 'olga', testPassword);
  assert.match((await browser.get('/site/jobs/parked/')).text, /the books break a rule/);
  const csv = (await browser.get('/site/jobs/parked/download/?q=petra')).text;
  assert.match(csv, /,petra,recognise_income,1,the books break a rule\r\n$/);

  const body = { job: 'recognise_income' };
  assert.equal((await reader('POST', '/api/jobs/parked/petra/retry', body)).status, 403);
  const other = await api('POST', '/api/jobs/parked/petra/retry', { job: 'another' });
  assert.deepEqual([other.status, other.json()['code']], [404, 'parked_profile_unknown']);
  const page = await browser.post('/site/jobs/parked/', { profile: 'petra', job: 'recognise_income' });
  assert.match((await browser.follow(page)).text, /petra is tried again/);
  const row = await app.db
    .selectFrom('parked_profiles')
    .selectAll()
    .where('profile_id', '=', profile.id)
    .executeTakeFirst();
  assert.deepEqual(row?.released_at, app.clock.now());
  assert.notEqual(row?.released_by, null);
  assert.equal((await parked()).count, 0);
  assert.equal((await api('POST', '/api/jobs/parked/petra/retry', body)).status, 404);
});

const parkMessage = (event_key: string) => makeParkedMessage(app, { event_key, object_key: 'ch_1', reason: 'no line' });
const findMessage = (event_key: string) =>
  app.db.selectFrom('processor_events').selectAll().where('event_key', '=', event_key).executeTakeFirst();

test('S71: the broker sees a message that could not be handled, retries it, and ignores another with a reason', async () => {
  await parkMessage('evt_a');
  await parkMessage('evt_b');
  const list_url = '/api/jobs/messages?q=ch_1&q_f=object&o=received_at';
  const { count, results } = await list<{ event_key: string; object: string; reason: string }>(list_url);
  assert.deepEqual(
    [count, results.map((row) => [row.event_key, row.object, row.reason]).toSorted()],
    [
      2,
      [
        ['evt_a', 'ch_1', 'no line'],
        ['evt_b', 'ch_1', 'no line'],
      ],
    ],
  );
  assert.match((await api('GET', '/metrics')).text, /^tollgate_processor_events_parked 2$/m);
  const call = async (key: string, verb: string, body?: object) => {
    const { status, text } = await api('POST', `/api/jobs/messages/${key}/${verb}`, body);
    return [status, /"code":"(\w+)"/.exec(text)?.[1] ?? text];
  };
  assert.equal((await reader('POST', '/api/jobs/messages/evt_a/retry')).status, 403, 'a contributor reads only');
  const retried = app.clock.now();
  assert.deepEqual(await call('evt_a', 'retry'), [200, '{"count":1}']);
  const row = await findMessage('evt_a');
  assert.deepEqual([row?.state, row?.failures_count, row?.next_at, row?.retried_at], ['new', 0, retried, retried]);
  assert.notEqual(row?.retried_by, null);
  for (const [key, verb, body, expected] of [
    ['evt_a', 'retry', undefined, [409, 'message_not_parked']],
    ['evt_a', 'ignore', { reason: 'x' }, [409, 'message_not_parked']],
    ['evt_c', 'retry', undefined, [404, 'message_unknown']],
    ['evt_c', 'ignore', { reason: 'x' }, [404, 'message_unknown']],
    ['evt_b', 'ignore', { reason: ' ' }, [400, 'invalid_input']],
    ['evt_b', 'ignore', {}, [400, 'invalid_input']],
    ['evt_b', 'ignore', { reason: 'made by hand' }, [200, '{"count":1}']],
  ] as const)
    assert.deepEqual(await call(key, verb, body), expected, `${key} ${verb}`);
  const ignored = await findMessage('evt_b');
  assert.deepEqual([ignored?.state, ignored?.reason, ignored?.done_at], ['ignored', 'made by hand', retried]);
  assert.notEqual(ignored?.ignored_by, null);
  assert.equal((await list(list_url)).count, 0);
});

test('S71: the page of messages retries one, and asks for the reason before it ignores one', async () => {
  await parkMessage('evt_d');
  await parkMessage('evt_e');
  const browser = await signInBrowser(app, 'olga', testPassword);
  const url = '/site/jobs/messages/';
  const page = await browser.get(url);
  assert.match(page.text, /Payment messages \(2\)/);
  assert.match(page.text, /no line<br>Message evt_d/);
  assert.match(page.text, /href="\/billing\/charges\/\?q=ch_1"/);
  assert.match(page.text, /href="\/site\/jobs\/messages\/evt_e\/ignore\/"/);
  const csv = (await browser.get(`${url}download/?q=evt_d`)).text;
  assert.match(csv, /,stripe,,charge,ch_1,evt_d,no line\r\n$/);

  assert.match((await browser.follow(await browser.post(url, { message: 'evt_d' }))).text, /handled again/);
  assert.match((await browser.follow(await browser.post(url, { message: 'evt_d' }))).text, /not parked/);
  const form = `${url}evt_e/ignore/`;
  assert.match((await browser.get(form)).text, /no line/);
  const blank = await browser.post(form, { reason: ' ' });
  assert.deepEqual([blank.status, (await findMessage('evt_e'))?.state], [400, 'parked']);
  assert.match((await browser.follow(await browser.post(form, { reason: 'by hand' }))).text, /The message is ignored/);
  assert.equal((await findMessage('evt_e'))?.reason, 'by hand');
  assert.match((await browser.follow(await browser.post(form, { reason: 'again' }))).text, /not parked/);
  assert.deepEqual([(await browser.get(form)).status, (await browser.get(`${url}evt_f/ignore/`)).status], [409, 404]);
});
