import assert from 'node:assert/strict';
import { type Call, type ChangeSite, expectStatus } from '../support/changes.ts';
import type { Draws } from './calendar-draws.ts';
import { type LifePlan, plans, side_plans } from './calendar-plans.ts';
import { Diary } from './model/diary.ts';

/** A step of a life; returns the name of what was done. */
export interface Due {
  at: number;
  act(at: number): Promise<string>;
}

/** One subscriber, with the profile that pays and the diary. */
export interface Life {
  slug: string;
  payer: string;
  call: Call;
  payerCall: Call;
  diary: Diary;
  /** A plan that was bought for one period while that of `diary` was paused. */
  side: Diary | null;
  isBegun: boolean;
  agenda: Due[];
  log: string[];
}

/** How the plan of a life is bought: by the subscriber, as a gift, or as a seat that is claimed. */
export type Bought = 'own' | 'gift' | 'seat';

export interface Actor {
  site: ChangeSite;
  draws: Draws;
  life: Life;
  zone: string;
  bought: Bought;
}

export const planOf = (slug: string): LifePlan => plans.find((each) => each.slug === slug) ?? assert.fail(slug);

export async function buy({ site, life, bought }: Actor, at: number): Promise<string> {
  const { slug, payer, payerCall, diary } = life;
  const { trial_days } = planOf(diary.plan.slug);
  const seat = bought === 'gift' ? { sync_on: slug } : {};
  await expectStatus(payerCall('POST', '/api/cart', { plan: diary.plan.slug, ...seat }), 200, 201);
  await checkOut(payerCall, payer);
  assert.equal(site.app.clock.now().getTime(), at);
  diary.buy(at, trial_days);
  life.isBegun = true;
  return 'buy';
}

async function checkOut(call: Call, payer: string): Promise<void> {
  await expectStatus(call('GET', `/api/billing/${payer}/checkout`), 200);
  const body = { processor_token: 'tok_visa', remember_card: true };
  await expectStatus(call('POST', `/api/billing/${payer}/checkout`, body), 200, 201);
}

/** Pays for a seat of a person who has no account under that address. */
export async function paySeat({ life }: Actor, at: number): Promise<string> {
  const { slug, payer, payerCall, diary } = life;
  const seat = { plan: diary.plan.slug, sync_on: `${slug}@seats.example`, full_name: 'Sam Seat' };
  await expectStatus(payerCall('POST', '/api/cart', seat), 200, 201);
  await checkOut(payerCall, payer);
  diary.payAhead(at);
  return 'pay a seat';
}

export async function claimSeat({ site, life }: Actor, at: number): Promise<string> {
  const { slug, call, diary } = life;
  await site.app.tollgate.worker.drain();
  const mail = site.app.tollgate.mailbox
    .list(`${slug}@seats.example`)
    .find(({ event }) => event === 'claim_code_generated');
  const code = /\b[0-9a-f]{40}\b/.exec(mail?.text ?? '')?.[0];
  assert.ok(code, 'a code was mailed');
  await site.app.db
    .updateTable('users')
    .set({ email: `${slug}@seats.example`, email_verified_at: new Date(at) })
    .where('username', '=', slug)
    .execute();
  await expectStatus(call('POST', '/api/cart/redeem', { code }), 200);
  await expectStatus(call('GET', `/api/billing/${slug}/checkout`), 200);
  await expectStatus(call('POST', `/api/billing/${slug}/checkout`, {}), 200, 201);
  diary.claim(at);
  life.isBegun = true;
  return 'claim';
}

/** Buys another period of the paused plan. */
export async function buyAhead({ site, life, bought }: Actor, at: number): Promise<string> {
  const { slug, payer, payerCall, diary } = life;
  const seat = bought === 'gift' ? { sync_on: slug } : {};
  await expectStatus(payerCall('POST', '/api/cart', { plan: diary.plan.slug, ...seat }), 200, 201);
  await checkOut(payerCall, payer);
  assert.equal(site.app.clock.now().getTime(), at);
  diary.buyAhead(at);
  return 'buy while paused';
}

/** Buys one period of another plan: it runs, and the paused one stands still. */
export async function buySide({ draws, life }: Actor, at: number): Promise<string> {
  const { slug, call } = life;
  const plan = draws.one(side_plans);
  await expectStatus(call('POST', '/api/cart', { plan: plan.slug }), 200, 201);
  await checkOut(call, slug);
  await expectStatus(call('PATCH', `/api/profile/${slug}/subscriptions/${plan.slug}`, { auto_renew: false }), 200);
  life.side = new Diary(plan);
  life.side.buy(at);
  life.side.auto_renew = false;
  return `buy ${plan.slug} while paused`;
}
