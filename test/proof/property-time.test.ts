import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { expectStatus, startChanges, type ChangeSite } from '../support/changes.ts';
import { makeDraws } from './calendar-draws.ts';
import { command, makeCourse, moveOn } from './properties.ts';

const SEED = Number(process.env['PROOF_SEED'] ?? 20_260_308);
const COMMANDS = 30;
const DAY_MS = 86_400_000;

/** What a course leaves, with its instants. Keys that are drawn, as those of charges, are left out. */
async function rowsLeft({ app }: ChangeSite): Promise<Record<string, unknown[]>> {
  const slug = (column: string) => sql`(select slug from profiles where id = ${sql.ref(column)})`;
  const queries = {
    ledger: sql`select created_at, ${slug('orig_profile_id')} as orig, orig_account, orig_amount, orig_unit,
        ${slug('dest_profile_id')} as dest, dest_account, dest_amount, dest_unit, subject_kind,
        case when subject_kind = 'sub' then subject_id end as subject_id, subject_part
      from ledger_entries order by created_at, orig_account, dest_account, orig_amount, id`,
    subscriptions: sql`select ${slug('profile_id')} as profile, plan_id, created_at, ends_at, auto_renew, trial_ends_at, paused_at,
        resumes_at, quantity from subscriptions order by id`,
    charges: sql`select ${slug('profile_id')} as profile, created_at, amount, state from charges order by created_at, profile_id`,
    coverages: sql`select order_line_id, rank, amount, recognised, starts_at, ends_at from coverages order by 1, 2`,
  };
  const rows: Record<string, unknown[]> = {};
  for (const [name, query] of Object.entries(queries)) rows[name] = (await query.execute(app.db)).rows;
  return rows;
}

/** Subscriptions with a trial, a renewal, a pause and a change at the end of a period; then the clock moves. */
async function moveClock(steps: readonly number[]): Promise<Record<string, unknown[]>> {
  const site = await startChanges();
  const period = { period_type: 'daily', period_length: 3 } as const;
  try {
    await site.plan('short', { ...period, period_amount: 700, pause_days_max: 30 });
    await site.plan('trial', { ...period, period_amount: 800, trial_days: 2 });
    await site.plan('other', { ...period, period_amount: 900 });
    const [yan, zoe] = [await site.register('yan'), await site.register('zoe')];
    await site.buy(site.xia, 'xia', 'short');
    await site.buy(yan, 'yan', 'trial');
    await site.buy(zoe, 'zoe', 'short');
    const own = '/api/profile/zoe/subscriptions/short';
    await expectStatus(zoe('POST', `${own}/pause`, { resumes_at: '2026-01-12T07:30:00Z' }), 200);
    const change = '/api/profile/xia/subscriptions/short/change';
    const shown = await expectStatus(site.xia('GET', `${change}?to=other&at=period_end`), 200);
    const { preview_key } = shown.json<{ preview_key: string }>();
    await expectStatus(site.xia('POST', change, { to: 'other', at: 'period_end', preview_key }), 200);
    // Work of a day runs at the last occurrence of the day: moves begin and end where a day ends.
    let at = Date.parse('2026-01-10T23:59:59.999Z');
    for (const days of [0, ...steps]) {
      at += days * DAY_MS;
      const now = new Date(at).toISOString();
      const moved = await expectStatus(site.broker('POST', '/_dev/clock', { now }), 200);
      assert.deepEqual(moved.json()['failed'], []);
    }
    return await rowsLeft(site);
  } finally {
    await site.close();
  }
}

test('property 12: moving the clock by days at once or day by day gives the same rows', async () => {
  const by_day = await moveClock([1, 1, 1, 1, 1]);
  assert.ok((by_day['charges']?.length ?? 0) >= 4, 'periods began');
  assert.deepEqual(await moveClock([5]), by_day);
});

/** Gives the same drawn commands to people in other zones. */
async function liveIn(zones: readonly string[]): Promise<Record<string, unknown[]>> {
  const site = await startChanges();
  try {
    const course = await makeCourse(site, makeDraws(SEED));
    for (const [index, slug] of ['cowork', 'xia', 'yan', 'zoe'].entries())
      await site.app.db
        .updateTable('profiles')
        .set({ default_timezone: zones[index % zones.length] ?? 'UTC' })
        .where('slug', '=', slug)
        .execute();
    for (let index = 0; index < COMMANDS; index += 1)
      if (course.draws.chance(0.3)) await moveOn(course, course.draws.whole(1, 12));
      else await command(course, async () => {});
    return await rowsLeft(site);
  } finally {
    await site.close();
  }
}

test(`property 13: the zones of profiles change no amount and no instant, seed ${SEED}`, async () => {
  const in_utc = await liveIn(['UTC']);
  assert.ok((in_utc['ledger']?.length ?? 0) > 10, 'the commands move money');
  for (const zones of [['Pacific/Kiritimati', 'America/Havana', 'Asia/Kathmandu', 'Australia/Lord_Howe']])
    assert.deepEqual(await liveIn(zones), in_utc, zones.join());
});
