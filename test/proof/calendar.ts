import assert from 'node:assert/strict';
import { sql } from 'kysely';
import type { Call, ChangeSite } from '../support/changes.ts';
import { expectStatus, startChanges } from '../support/changes.ts';
import { runJob } from '../support/run-job.ts';
import type { Draws } from './calendar-draws.ts';
import { makeLives } from './calendar-lives.ts';
import type { Life } from './calendar-purchases.ts';
import type { Diary } from './model/diary.ts';
import { DAY_MS, HOUR_MS } from './model/plan-time.ts';

/** The two years contain a leap day, and both changes of daylight-saving time of each zone. */
export const CALENDAR_BEGIN = Date.parse('2027-11-20T00:00:00Z');
const CALENDAR_END = Date.parse('2029-11-20T00:00:00Z');

/** The site is down for a week: over changes of daylight-saving time, and over a month end. */
const downtimes = [
  ['2028-03-10T03:30:00Z', '2028-03-17T03:30:00Z'],
  ['2028-10-26T11:15:00Z', '2028-11-02T11:15:00Z'],
].map(([from = '', to = '']): [number, number] => [Date.parse(from), Date.parse(to)]);

/** The clock of development, which runs every job of the way, moves over gaps of this length, this often. */
const MOVED_MS = { min: 6 * HOUR_MS, max: DAY_MS };
const MOVES_MAX = 2;

const hourly = ['recognise_income', 'renew_subscriptions'] as const;
const minutely = ['run_pauses', 'convert_trials'] as const;

interface CalendarTally {
  instants: number;
  compared: number;
  moved: number;
  operations: Map<string, number>;
}

/** A site, its subscribers and the diary of each of them. */
interface Calendar {
  site: ChangeSite;
  lives: Life[];
  tally: CalendarTally;
  draws: Draws;
}

const iso = (at: number) => new Date(at).toISOString();

/**
 * Drives two years through the public interfaces, and compares each step with the diaries. Jobs run at the hours at
 * which a diary expects something, at some of the hours before them, and at each first of a month.
 */
export async function runCalendar(
  draws: Draws,
  { end = CALENDAR_END, processor = 'test' }: { end?: number; processor?: 'test' | 'stripe' } = {},
): Promise<CalendarTally> {
  const token_lifetime_s = 900 * 86_400;
  const config = { token_lifetime_s, refresh_lifetime_s: token_lifetime_s };
  const site = await startChanges({ now: new Date(CALENDAR_BEGIN), config, processor });
  const tally = { instants: 0, compared: 0, moved: 0, operations: new Map<string, number>() };
  try {
    const lives = await makeLives(site, draws, { begin: CALENDAR_BEGIN, end, isDown });
    const calendar = { site, lives, tally, draws };
    for (let now = CALENDAR_BEGIN; now < end;) now = await step(calendar, now);
    await compareStatements(calendar);
    return tally;
  } finally {
    await site.close();
  }
}

const downtimeOf = (at: number) => downtimes.find(([from, to]) => at >= from && at < to);
const isDown = (at: number) => downtimeOf(at) !== undefined;

/** The diaries of a subscriber: that of the life, and that of a plan that was bought beside it. */
const diariesOf = ({ diary, side }: Life) => (side ? [diary, side] : [diary]);
const sumOf = (life: Life, read: (diary: Diary) => number) =>
  diariesOf(life).reduce((sum, diary) => sum + read(diary), 0);

/** Returns the next instant of work after `now`. */
function nextOf({ lives, draws }: Calendar, now: number) {
  const begun = lives.filter(({ isBegun }) => isBegun);
  const expected = begun.flatMap(diariesOf).map((diary) => diary.next(now));
  const month = new Date(now);
  const heartbeat = Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + 1, 1);
  const hour = Math.min(heartbeat, ...expected.map((each) => each.hour));
  // Nothing may happen an hour too early.
  const early = hour - HOUR_MS > now && draws.chance(0.15) ? hour - HOUR_MS : hour;
  const minute = Math.min(...expected.map((each) => each.minute));
  const operation = Math.min(...lives.flatMap(({ agenda }) => agenda[0]?.at ?? []));
  return { hour: early, minute, operation };
}

async function step(calendar: Calendar, now: number): Promise<number> {
  const { site, lives, tally } = calendar;
  const { hour, minute, operation } = nextOf(calendar, now);
  const at = Math.min(hour, minute, operation);
  const down = downtimeOf(at);
  assert.ok(at > now, `the work of ${iso(at)} is done`);
  if (down) return comeUp(calendar, now, down);
  tally.instants += 1;
  const gap = at - now;
  if (gap > MOVED_MS.min && gap < MOVED_MS.max && tally.moved < MOVES_MAX) {
    const moved = await expectStatus(site.broker('POST', '/_dev/clock', { now: iso(at - 1000) }), 200);
    assert.deepEqual(moved.json()['failed'], []);
    tally.moved += 1;
    await compare(calendar, now);
  }
  site.moveTo(iso(at));
  if (at === operation) {
    for (const life of lives) {
      const [due] = life.agenda;
      if (!due || due.at !== at) continue;
      life.agenda.shift();
      const name = await due.act(at);
      tally.operations.set(name, (tally.operations.get(name) ?? 0) + 1);
    }
  }
  if (at === minute) await runMinute(calendar, at);
  if (at % HOUR_MS === 0) {
    await runHour(calendar, at);
    await compare(calendar, at);
  }
  return at;
}

async function runMinute({ site, lives }: Calendar, at: number): Promise<void> {
  for (const { diary } of lives) {
    if (diary.paused && diary.paused.resumes_at <= at) diary.resume(diary.paused.resumes_at);
    if (diary.trial_ends_at !== null && diary.trial_ends_at <= at) diary.convert(diary.trial_ends_at);
  }
  for (const job of minutely) await runJob(site.app.tollgate, job);
}

async function runHour({ site, lives }: Calendar, at: number): Promise<void> {
  for (const job of hourly) await runJob(site.app.tollgate, job, new Date(at));
  for (const { diary, isBegun } of lives) if (isBegun) diary.renew(at);
}

/** Ends a downtime: jobs of the minute run once, those of the hour at each hour that was missed. */
async function comeUp(calendar: Calendar, now: number, [, to]: [number, number]): Promise<number> {
  calendar.site.moveTo(iso(to));
  await runMinute(calendar, to);
  let last = now;
  for (let at = Math.ceil((now + 1) / HOUR_MS) * HOUR_MS; at <= to; at += HOUR_MS) {
    const isExpected = calendar.lives.some(
      (life) => life.isBegun && diariesOf(life).some((diary) => diary.next(at - 1).hour === at),
    );
    if (!isExpected && at % DAY_MS !== 0) continue;
    await runHour(calendar, at);
    last = at;
  }
  await compare(calendar, last);
  return to;
}

interface Seen {
  slug: string;
  plan: string | null;
  ends_at: Date | null;
  auto_renew: boolean | null;
  is_paused: boolean | null;
  side: { plan: string; ends_at: string; is_paused: boolean } | null;
  income: number;
  due: number;
  credit: number;
  refunded: number;
  charges: [string, number][] | null;
}

/** Reads what the site has of each subscriber: the newest subscription, and its sums. */
async function readAll({ app }: ChangeSite): Promise<Map<string, Seen>> {
  const { rows } = await sql<Seen>`
    with newest as (
      select distinct on (subscriptions.profile_id) subscriptions.profile_id, plans.slug as plan, ends_at, auto_renew, paused_at is not null as is_paused
      from subscriptions join plans on plans.id = plan_id where plans.slug not like 'side-%'
      order by subscriptions.profile_id, subscriptions.id desc
    ), beside as (
      select subscriptions.profile_id, json_build_object('plan', plans.slug, 'ends_at', ends_at at time zone 'utc', 'is_paused', paused_at is not null) as side
      from subscriptions join plans on plans.id = plan_id where plans.slug like 'side-%'
    ), income as (
      select split_part(split_part(description, ' ', 2), ':', 1) as slug, sum(dest_amount)::int as amount
      from ledger_entries where orig_account = 'Income' group by 1
    ), payable as (
      select profile_id, sum(amount)::int as amount from (
        select dest_profile_id as profile_id, dest_amount as amount from ledger_entries where dest_account = 'Payable'
        union all
        select orig_profile_id, -orig_amount from ledger_entries where orig_account = 'Payable') as side group by 1
    ), paid as (
      select profile_id, sum(refunded)::int as refunded,
        json_agg(json_build_array(created_at at time zone 'utc', amount) order by id) as charges
      from (select charges.*, (select coalesce(sum(refunds.amount), 0) from refunds
        where charge_id = charges.id and state = 'settled') as refunded from charges where state = 'done') as done
      group by profile_id
    ), lots as (select profile_id, sum(balance)::int as amount from credits group by 1)
    select profiles.slug, newest.plan, newest.ends_at, newest.auto_renew, newest.is_paused, beside.side, paid.charges,
      coalesce(income.amount, 0) as income, coalesce(payable.amount, 0) as due, coalesce(lots.amount, 0) as credit,
      coalesce(paid.refunded, 0) as refunded
    from profiles left join newest on newest.profile_id = profiles.id left join beside on beside.profile_id = profiles.id
      left join income using (slug)
      left join payable on payable.profile_id = profiles.id left join paid on paid.profile_id = profiles.id
      left join lots on lots.profile_id = profiles.id`.execute(app.db);
  return new Map(rows.map((row) => [row.slug, row]));
}

async function compare({ site, lives, tally, draws }: Calendar, at: number): Promise<void> {
  const seen = await readAll(site);
  let income = 0;
  for (const life of lives) {
    const { slug, payer, diary, side, isBegun, log } = life;
    if (!isBegun) continue;
    const [own, paying] = [seen.get(slug), seen.get(payer)];
    assert(own && paying);
    const { plan, ends_at, auto_renew, is_paused } = own;
    const isOver = ends_at !== null && ends_at.getTime() <= at;
    const state = { plan, ends_at: ends_at?.getTime() ?? 0, auto_renew, is_paused };
    const expected = {
      ...diary.state(),
      side: side && { plan: side.plan.slug, ends_at: iso(side.ends_at), is_paused: false },
      income: sumOf(life, (each) => each.recognised(at)),
      due: sumOf(life, (each) => each.due()),
      credit: diary.credit,
      refunded: diary.refunded,
      charges: diariesOf(life)
        .flatMap(({ charges }) => charges)
        .toSorted(([a], [b]) => a - b)
        .map(([charged_at, amount]) => [iso(charged_at), amount]),
    };
    const given = {
      ...state,
      auto_renew: isOver && !diary.auto_renew ? false : auto_renew,
      side: own.side && { ...own.side, ends_at: iso(Date.parse(`${own.side.ends_at}Z`)) },
      income: own.income,
      due: paying.due,
      credit: own.credit,
      refunded: paying.refunded,
      charges: (paying.charges ?? []).map(([text, amount]) => [iso(Date.parse(`${text}Z`)), amount]),
    };
    const course = `seed ${draws.seed}, ${slug} at ${iso(at)}: ${log.join(' · ')}`;
    assert.deepEqual(
      { ...given, ends_at: iso(given.ends_at) },
      { ...expected, ends_at: iso(expected.ends_at) },
      course,
    );
    income += own.income;
    tally.compared += 1;
  }
  const all = [...seen.values()].reduce((sum, each) => sum + each.income, 0);
  assert.equal(all, income, `seed ${draws.seed}: income of a subscriber without a diary at ${iso(at)}`);
}

/** Requires that each subscriber sees what its diary has, over the API. */
async function compareStatements({ site, lives }: Calendar): Promise<void> {
  for (const life of lives) {
    const { slug, payer, call, payerCall, isBegun } = life;
    if (!isBegun) continue;
    const balance = await expectStatus(payerCall('GET', `/api/billing/${payer}/balance`), 200);
    assert.equal(
      balance.json()['balance_amount'],
      sumOf(life, (diary) => diary.due()),
      payer,
    );
    const now = site.app.clock.now().getTime();
    const running = await expectStatus((call satisfies Call)('GET', `/api/profile/${slug}/subscriptions`), 200);
    const ends = running.json<{ results: { ends_at: string }[] }>().results.map(({ ends_at }) => ends_at);
    const expected = diariesOf(life).flatMap((diary) => (diary.isRunning(now) ? [iso(diary.ends_at)] : []));
    assert.deepEqual(ends.toSorted(), expected.toSorted(), slug);
  }
}
