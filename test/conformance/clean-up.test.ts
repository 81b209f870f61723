import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { registerUser } from '../support/client.ts';
import { runJob } from '../support/run-job.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

const DAY_MS = 86_400_000;
let app: TestApp;
before(async () => {
  app = await startApp({ config: { terms_required: false } });
  await registerUser(app, 'ann');
});
after(() => app.close());

interface Case {
  job: string;
  /** Inserts rows that ended at `$at`, with a name derived from `n`. */
  rows: string;
  table: string;
  mark: string;
  kept_days: number;
}

const ann = `(select id from users where username = 'ann')`;
const manager = `(select id from role_types where slug = 'manager' and profile_id is null)`;

const cases: Case[] = [
  {
    job: 'forget_sessions',
    rows: `insert into sessions (id, user_id, kind, created_at, logged_in_at, expires_at, last_seen_at)
      select 'ended-session-' || lpad(n::text, 10, '0'), ${ann}, 'token', $at, $at, $at, $at`,
    table: 'sessions',
    mark: `id like 'ended-%'`,
    kept_days: 30,
  },
  {
    job: 'forget_sessions',
    rows: `insert into api_keys (user_id, title, pub_key, secret_hash, created_at, ends_at)
      select ${ann}, 'ended', lpad(n::text, 32, '0'), 'x', $at, $at`,
    table: 'api_keys',
    mark: `title = 'ended'`,
    kept_days: 30,
  },
  {
    job: 'forget_answers',
    rows: `insert into idempotency_records (scope, key, fingerprint, state, created_at, locked_until, expires_at)
      select 'visitor:x', 'ended-' || n, 'x', 'done', $at, $at, $at`,
    table: 'idempotency_records',
    mark: `key like 'ended-%'`,
    kept_days: 0,
  },
  {
    job: 'forget_events',
    rows: `insert into outbox_events (name, payload, created_at, next_attempt_at, delivered_at)
      select 'ended', '{}', $at, $at, $at`,
    table: 'outbox_events',
    mark: `name = 'ended'`,
    kept_days: 30,
  },
  {
    job: 'forget_invitations',
    rows: `with made as (insert into profiles (slug, full_name, email, created_at)
        select 'ended-' || n, 'Ended', '', $at from generate_series(1, $count) n returning id)
      insert into roles (user_id, profile_id, role_type_id, grant_key, key_expires_at, created_at)
      select ${ann}, id, ${manager}, lpad(to_hex(id), 40, '0'), $at, $at from made`,
    table: 'roles',
    mark: 'grant_key is not null',
    kept_days: 90,
  },
];

for (const { job, rows, table, mark, kept_days } of cases) {
  test(`${job} deletes rows of ${table} that ended ${kept_days} days ago, in batches, and no younger ones`, async () => {
    const ended_at = app.clock.now();
    const series = rows.includes('$count') ? '' : ' from generate_series(1, $count) n';
    const statement = `${rows}${series}`.replaceAll('$at', `'${ended_at.toISOString()}'`).replaceAll('$count', '1500');
    await app.database.executeSql(statement);
    const count = async () =>
      (await app.database.executeSql(`select count(*) as rows_left from ${table} where ${mark}`)).rows[0]?.[
        'rows_left'
      ];
    await runJob(app.tollgate, job, new Date(ended_at.getTime() + kept_days * DAY_MS - 1000));
    assert.equal(await count(), 1500);
    await runJob(app.tollgate, job, new Date(ended_at.getTime() + kept_days * DAY_MS + 1000));
    assert.equal(await count(), 0);
  });
}
