import assert from 'node:assert/strict';
import { type ChangeSite, expectStatus } from '../support/changes.ts';
import type { Draws } from './calendar-draws.ts';
import { localText, zones } from './calendar-zones.ts';
import { entered, kinds, PAUSE_DAYS_MAX, plans, QUOTA, side_plans, USE } from './calendar-plans.ts';
import {
  type Actor,
  type Bought,
  buy,
  buyAhead,
  buySide,
  claimSeat,
  type Life,
  paySeat,
  planOf,
} from './calendar-purchases.ts';
import { Diary } from './model/diary.ts';
import { DAY_MS, HOUR_MS } from './model/plan-time.ts';

interface LifeOptions {
  begin: number;
  end: number;
  isDown(at: number): boolean;
}

/** Makes the plans, the subscribers and what each of them will do. */
export async function makeLives(site: ChangeSite, draws: Draws, options: LifeOptions): Promise<Life[]> {
  for (const { slug, amount, period_type, period_length, trial_days } of [...plans, ...side_plans]) {
    await site.plan(slug, {
      period_amount: amount,
      period_type,
      period_length,
      trial_days,
      pause_days_max: PAUSE_DAYS_MAX,
      cancel_refund: 'unused',
      upgrade_mode: 'prorate',
      downgrade_mode: 'prorate',
      crossgrade_mode: 'prorate',
      use_charges: [{ slug: USE, quota: QUOTA, use_amount: 15 }],
    });
  }
  const lives: Life[] = [];
  for (const [index, [plan, date, days, bought]] of kinds.entries()) {
    const begins_at = Date.parse(`${date}T00:00:00Z`) + draws.whole(0, 86_399) * 1000;
    if (begins_at >= options.end) continue;
    lives.push(await makeLife(site, draws, options, { index, plan, begins_at, days, bought }));
  }
  return lives;
}

interface LifeTerms {
  index: number;
  plan: string;
  begins_at: number;
  days: number;
  bought: Bought;
}

async function makeLife(
  site: ChangeSite,
  draws: Draws,
  { end, isDown }: LifeOptions,
  { index, plan, begins_at, days, bought }: LifeTerms,
): Promise<Life> {
  const slug = `sam-${index}`;
  const payer = bought === 'own' ? slug : `pay-${index}`;
  const call = await site.register(slug);
  const payerCall = bought === 'own' ? call : await site.register(payer);
  const zone = zones[index % zones.length] ?? 'UTC';
  await site.app.db
    .updateTable('profiles')
    .set({ default_timezone: zone })
    .where('slug', 'in', [slug, payer])
    .execute();
  const life: Life = {
    slug,
    payer,
    call,
    payerCall,
    diary: new Diary(planOf(plan)),
    side: null,
    isBegun: false,
    agenda: [],
    log: [],
  };
  const actor = { site, draws, life, zone, bought };
  const until = Math.min(end, begins_at + days * DAY_MS);
  const times = Array.from(
    { length: draws.whole(6, 10) },
    () => begins_at + Math.floor(draws.whole(60, (until - begins_at) / 1000 - 60)) * 1000,
  );
  const free = times.filter((at) => at % HOUR_MS !== 0 && !isDown(at)).toSorted((a, b) => a - b);
  const note = (work: (at: number) => Promise<string>) => async (at: number) => {
    const name = await work(at);
    life.log.push(`${name} ${new Date(at).toISOString()}`);
    return name;
  };
  life.agenda = free.map((at) => ({ at, act: note((instant) => act(actor, instant)) }));
  // Short periods end before they fill the two years.
  if (days < 100) life.agenda.push({ at: until - 90_000, act: note(() => leave(actor, until - 90_000)) });
  const begin = bought === 'seat' ? claimSeat : buy;
  life.agenda.unshift({ at: begins_at, act: note((at) => begin(actor, at)) });
  if (bought === 'seat')
    life.agenda.unshift({ at: begins_at - 3 * DAY_MS - 7000, act: note((at) => paySeat(actor, at)) });
  assert.ok(
    life.agenda.every(({ at }) => !isDown(at)),
    'no request is made while the site is down',
  );
  return life;
}

const courseOf = ({ slug, log }: Life) => `${slug}: ${log.join(' · ')}`;

const subscriptionUrl = ({ slug, diary }: Life) => `/api/profile/${slug}/subscriptions/${diary.plan.slug}`;

/** Does one of the things that are possible at an instant. */
async function act(actor: Actor, at: number): Promise<string> {
  const { draws, life, bought } = actor;
  const { diary } = life;
  if (!life.isBegun || !diary.isRunning(at)) return 'nothing';
  if (diary.paused) return actPaused(actor, at);
  if (diary.trial_ends_at !== null) return use(actor, at);
  const possible: ((actor: Actor, at: number) => Promise<string>)[] = [use];
  if (!diary.isPauseUsed(at) && diary.due() === 0) possible.push(pause, pause);
  if (bought === 'own' && entered.has(diary.plan.slug) && diary.changes < 4) possible.push(change, change, change);
  if (!diary.auto_renew) possible.push(withdraw);
  else if (draws.chance(0.4)) possible.push(cancelAtEnd);
  if (bought === 'own' && draws.chance(0.1)) possible.push(cancelNow);
  return draws.one(possible)(actor, at);
}

/** Resumes a paused subscription, or buys during the pause. A seat is bought for a person without the subscription. */
async function actPaused(actor: Actor, at: number): Promise<string> {
  const { draws, life, bought } = actor;
  const possible: ((actor: Actor, at: number) => Promise<string>)[] = [resume];
  if (bought !== 'seat') possible.push(buyAhead, buyAhead);
  // Credit is that of one diary, and a rest below the least charge would stay due.
  if (bought === 'own' && life.side === null && life.diary.credit === 0) possible.push(buySide);
  return draws.chance(0.95) ? draws.one(possible)(actor, at) : 'nothing';
}

async function use({ site, draws, life }: Actor, at: number): Promise<string> {
  const { slug, diary } = life;
  const quantity = Math.min(draws.whole(1, 9), diary.freeUses(at));
  if (quantity < 1) return 'nothing';
  const body = { plan: diary.plan.slug, use: USE, quantity };
  await expectStatus(site.broker('POST', `/api/billing/${slug}/balance`, body), 200, 201);
  const left = diary.use(at, quantity);
  const usage = await site.app.db
    .selectFrom('subscription_uses')
    .select('expiring_quota')
    .orderBy('subscription_id', 'desc')
    .where('subscription_id', 'in', (eb) =>
      eb
        .selectFrom('subscriptions')
        .innerJoin('profiles', 'profiles.id', 'subscriptions.profile_id')
        .innerJoin('plans', 'plans.id', 'subscriptions.plan_id')
        .select('subscriptions.id')
        .where('profiles.slug', '=', slug)
        .where('plans.slug', '=', diary.plan.slug),
    )
    .executeTakeFirstOrThrow();
  assert.equal(usage.expiring_quota, left, courseOf(life));
  return 'use';
}

async function pause({ draws, life, zone }: Actor, at: number): Promise<string> {
  const day = at + draws.whole(2, PAUSE_DAYS_MAX - 2) * DAY_MS;
  // A local text without an offset: an hour of the day that no change of daylight-saving time skips or repeats.
  const { text, instant } = localText(zone, day, draws.whole(4, 21));
  const paused = await life.call('POST', `${subscriptionUrl(life)}/pause`, { resumes_at: text });
  assert.equal(paused.status, 200, `${paused.text}: ${courseOf(life)}`);
  life.diary.pause(at, instant);
  assert.equal(paused.json()['resumes_at'], new Date(instant).toISOString(), `${text} in ${zone}`);
  assert.equal(paused.json()['ends_at'], new Date(life.diary.ends_at).toISOString(), courseOf(life));
  return 'pause';
}

async function resume({ life }: Actor, at: number): Promise<string> {
  await expectStatus(life.call('DELETE', `${subscriptionUrl(life)}/pause`), 200);
  life.diary.resume(at);
  return 'resume';
}

async function change({ draws, life }: Actor, at: number): Promise<string> {
  const { diary, call } = life;
  const to = draws.one(plans.filter(({ slug }) => entered.has(slug) && slug !== diary.plan.slug));
  const url = `${subscriptionUrl(life)}/change`;
  const shown = await expectStatus(call('GET', `${url}?to=${to.slug}&at=now`), 200);
  const { preview_key } = shown.json<{ preview_key: string }>();
  await expectStatus(call('POST', url, { to: to.slug, at: 'now', preview_key }), 200);
  diary.change(at, to);
  return `change to ${to.slug}`;
}

async function cancelAtEnd({ life }: Actor, at: number): Promise<string> {
  await cancel(life, { at: 'period_end', refund: 'none' });
  life.diary.cancelAtEnd(at);
  return 'cancel at the end';
}

async function cancelNow({ life }: Actor, at: number): Promise<string> {
  await cancel(life, { at: 'now', refund: 'unused' });
  life.diary.cancelNow(at);
  return 'cancel now';
}

async function cancel(life: Life, wish: { at: string; refund: string }): Promise<void> {
  const url = `${subscriptionUrl(life)}/cancel`;
  const shown = await expectStatus(life.call('GET', `${url}?${new URLSearchParams(wish).toString()}`), 200);
  const { preview_key } = shown.json<{ preview_key: string }>();
  await expectStatus(life.call('POST', url, { ...wish, preview_key }), 200);
}

async function withdraw({ life }: Actor): Promise<string> {
  await expectStatus(life.call('DELETE', `${subscriptionUrl(life)}/cancel`), 200);
  life.diary.auto_renew = true;
  return 'withdraw';
}

/** Ends a short life. */
async function leave(actor: Actor, at: number): Promise<string> {
  const { diary } = actor.life;
  if (!diary.isRunning(at)) return 'nothing';
  return cancelNow(actor, at);
}
