import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { pino } from 'pino';
import { inTransaction } from '#platform/db/database';
import { metricsText } from '#platform/http/replies/metrics';
import { apiClient } from '../../../test/support/client.ts';
import { makeParty, makeSubject, orderEntry } from '../../../test/support/factories/ledger.ts';
import { makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { registerBrokerManager } from '../../../test/support/register-managers.ts';
import { runJob } from '../../../test/support/run-job.ts';
import { tokenOf } from '../../../test/support/sign-in.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';
import { postEvent } from '../post-event.ts';

let app: TestApp;
let operator: Awaited<ReturnType<typeof registerBrokerManager>>;
const lines: string[] = [];
before(async () => {
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  app = await startApp({ log: pino({ level: 'info' }, stream) });
  operator = await registerBrokerManager(app, 'operator');
});
after(() => app.close());

const post = async (key: string, description: string) => {
  const [provider, payer] = [await makeParty(app.db), await makeParty(app.db)];
  const entries = [orderEntry({ provider, payer, amount: 5, subject: makeSubject(), description })];
  await inTransaction(app.db, (tx) => postEvent(tx, { key, kind: 'test', at: app.clock.now(), entries }));
};

async function readGauges(): Promise<Map<string, number>> {
  const response = await operator('GET', '/metrics');
  assert.equal(response.status, 200, response.text);
  assert.equal(response.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  const values = response.text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(values.map((line) => [line.split(' ')[0] ?? '', Number(line.split(' ')[1])]));
}

test('the metrics have the state of the chain, and the result of the verification after its first run', async () => {
  await post('event:1', 'First');
  const before_seal = await readGauges();
  assert.equal(before_seal.get('tollgate_ledger_unsealed_events'), 1);
  assert.equal(before_seal.get('tollgate_ledger_last_seal'), 0);
  assert.equal(before_seal.get('tollgate_ledger_violations'), undefined);
  await runJob(app.tollgate, 'seal_ledger');
  await runJob(app.tollgate, 'verify_ledger');
  const gauges = await readGauges();
  assert.equal(gauges.get('tollgate_ledger_unsealed_events'), 0);
  assert.equal(gauges.get('tollgate_ledger_seal_lag_seconds'), 0);
  assert.equal(gauges.get('tollgate_ledger_last_seal'), 1);
  assert.equal(gauges.get('tollgate_ledger_violations'), 0);
  assert.equal(gauges.get('tollgate_ledger_verified_timestamp_seconds'), app.clock.now().getTime() / 1000);
  assert.ok((gauges.get('tollgate_ledger_verification_duration_seconds') ?? -1) >= 0);
});

test('violations of the nightly verification are counted in the metrics and logged with rule and row', async () => {
  await inTransaction(app.db, async (tx) => {
    await sql`set local session_replication_role = replica`.execute(tx);
    await sql`update ledger_entries set description = 'Other' where description = 'First'`.execute(tx);
  });
  await runJob(app.tollgate, 'verify_ledger');
  assert.equal((await readGauges()).get('tollgate_ledger_violations'), 1);
  const line = lines.find((each) => each.includes('"violation"')) ?? '';
  assert.match(line, /"level":"?(error|50)/);
  assert.match(line, /the hash of an event is that of its rows/);
});

test('only managers and contributors of the site read the metrics, also by an API key', async () => {
  assert.equal((await apiClient(app)('GET', '/metrics')).status, 401);
  const user = await makeReadyUser(app.db);
  assert.equal((await apiClient(app, await tokenOf(app, user))('GET', '/metrics')).status, 403);
  const made = await operator('POST', '/api/users/operator/api-keys', { password: 'correct horse 7' });
  assert.equal(made.status, 201, made.text);
  const authorization = `Basic ${Buffer.from(`${made.json<{ secret: string }>().secret}:`).toString('base64')}`;
  assert.equal((await apiClient(app)('GET', '/metrics', undefined, { authorization })).status, 200);
});

test('the text of the metrics escapes line feeds and backslashes of the help', () => {
  assert.equal(
    metricsText([{ name: 'tollgate_x', help: 'a\\b\nc', value: 0.5 }]),
    '# HELP tollgate_x a\\\\b\\nc\n# TYPE tollgate_x gauge\ntollgate_x 0.5\n',
  );
});
