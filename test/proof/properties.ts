import assert from 'node:assert/strict';
import { sql } from 'kysely';
import type { Call, ChangeSite } from '../support/changes.ts';
import type { TestResponse } from '../support/client.ts';
import { decideCharge } from '../support/decide-charge.ts';
import type { Draws } from './calendar-draws.ts';
import { snapshot } from './checks.ts';

const DAY_MS = 86_400_000;

/** Subscribers of a course. Each has one subscription at most. */
export const people = ['xia', 'yan', 'zoe'] as const;

/** A course of drawn commands on a site of its own. */
export interface Course {
  site: ChangeSite;
  draws: Draws;
  callers: ReadonlyMap<string, Call>;
  /** What was done, for the message of a failure. */
  log: string[];
  /** Commands by name, with those that were refused. */
  done: Map<string, number>;
  refused: number;
}

/** Makes the plans and people of a course. */
export async function makeCourse(site: ChangeSite, draws: Draws): Promise<Course> {
  const terms = {
    upgrade_mode: 'prorate',
    downgrade_mode: 'prorate',
    crossgrade_mode: 'prorate',
    pause_days_max: 60,
    cancel_refund: 'unused',
    money_back_days: 20,
  } as const;
  for (const plan of ['basic', 'pro', 'lite', 'plus']) await site.plan(plan, terms);
  await site.plan('team', { ...terms, quantity_min: 1, quantity_max: 9 });
  await site.plan('weekly', { ...terms, period_amount: 700, period_type: 'weekly', trial_days: 5 });
  const callers = new Map([['xia', site.xia]]);
  for (const name of people.slice(1)) callers.set(name, await site.register(name));
  return { site, draws, callers, log: [], done: new Map(), refused: 0 };
}

const plans = ['basic', 'pro', 'lite', 'plus', 'team', 'weekly'] as const;

interface Running {
  plan: string;
  quantity: number;
}

async function findRunning({ site }: Course, name: string): Promise<Running | null> {
  const { rows } = await sql<Running>`
    select plans.slug as plan, subscriptions.quantity from subscriptions
    join plans on plans.id = plan_id join profiles on profiles.id = subscriptions.profile_id
    where profiles.slug = ${name} and ends_at > ${site.app.clock.now()} order by subscriptions.id desc limit 1`.execute(
    site.app.db,
  );
  return rows[0] ?? null;
}

async function findCharge({ site }: Course, name: string, state: string): Promise<string | null> {
  const { rows } = await sql<{ key: string }>`
    select processor_key as key from charges join profiles on profiles.id = charges.profile_id
    where slug = ${name} and charges.state = ${state} order by charges.id desc limit 1`.execute(site.app.db);
  return rows[0]?.key ?? null;
}

const callerOf = ({ callers }: Course, name: string) => callers.get(name) ?? assert.fail(name);

/** The part of a response that the course reads. */
type Reply = Pick<TestResponse, 'status' | 'text' | 'json'>;
type Send = (course: Course, name: string) => Promise<Reply | null>;

/** Previews a change or a cancellation, and does what was shown. */
async function asShown(course: Course, name: string, url: string, wish: Record<string, string>, more = {}) {
  const call = callerOf(course, name);
  const shown = await call('GET', `${url}?${new URLSearchParams(wish).toString()}`);
  if (shown.status !== 200) return shown;
  const preview = shown.json<{ preview_key: string; charge_amount?: number; lines?: { amount: number }[] }>();
  const { quantity, ...texts } = wish;
  const body = { ...texts, ...(quantity === undefined ? {} : { quantity: Number(quantity) }) };
  const reply = await call('POST', url, { ...body, ...more, preview_key: preview.preview_key });
  if (reply.status === 200 && preview.charge_amount !== undefined) {
    const { charge } = reply.json<{ charge?: { amount: number } | null }>();
    assert.equal(charge?.amount ?? 0, preview.charge_amount, 'property 1: the charge is the amount of the preview');
  }
  return reply;
}

const subscriptionUrl = (name: string, { plan }: Running) => `/api/profile/${name}/subscriptions/${plan}`;

/** Commands by name. Null: the command does not apply. */
const commands: Readonly<Record<string, Send>> = {
  async buy(course, name) {
    if (await findRunning(course, name)) return null;
    const call = callerOf(course, name);
    const plan = course.draws.one(plans);
    const token = course.draws.chance(0.1) ? 'tok_chargeDeclined' : 'tok_visa';
    const added = await call('POST', '/api/cart', { plan });
    if (added.status >= 400) return added;
    await call('GET', `/api/billing/${name}/checkout`);
    return call('POST', `/api/billing/${name}/checkout`, { processor_token: token, remember_card: true });
  },
  async change(course, name) {
    const running = await findRunning(course, name);
    if (!running) return null;
    const to = course.draws.one(plans);
    const at = course.draws.chance(0.3) ? 'period_end' : 'now';
    return asShown(course, name, `${subscriptionUrl(name, running)}/change`, { to, at }, { accept_lost_uses: true });
  },
  async seats(course, name) {
    const running = await findRunning(course, name);
    if (running?.plan !== 'team') return null;
    const quantity = String(course.draws.whole(1, 10));
    return asShown(course, name, `${subscriptionUrl(name, running)}/change`, { to: 'team', at: 'now', quantity });
  },
  async 'take back'(course, name) {
    const running = await findRunning(course, name);
    if (!running) return null;
    const what = course.draws.one(['change', 'cancel']);
    return callerOf(course, name)('DELETE', `${subscriptionUrl(name, running)}/${what}`);
  },
  async pause(course, name) {
    const running = await findRunning(course, name);
    if (!running) return null;
    const resumes_at = new Date(course.site.app.clock.now().getTime() + course.draws.whole(1, 70) * DAY_MS);
    const body = { resumes_at: resumes_at.toISOString() };
    return callerOf(course, name)('POST', `${subscriptionUrl(name, running)}/pause`, body);
  },
  async resume(course, name) {
    const running = await findRunning(course, name);
    return running && callerOf(course, name)('DELETE', `${subscriptionUrl(name, running)}/pause`);
  },
  async cancel(course, name) {
    const running = await findRunning(course, name);
    if (!running) return null;
    const [at, refund] = course.draws.one([
      ['now', 'none'],
      ['now', 'unused'],
      ['now', 'credit'],
      ['period_end', 'none'],
    ] as const);
    const more = { reason: 'too_expensive' };
    return asShown(course, name, `${subscriptionUrl(name, running)}/cancel`, { at, refund }, more);
  },
  async refund(course, name) {
    const { site, draws } = course;
    const charge = await findCharge(course, name, 'done');
    if (charge === null) return null;
    const line = draws.chance(0.4) ? { num: 0 } : { num: 0, refunded_amount: draws.whole(1, 12_000) };
    return site.broker('POST', `/api/billing/${name}/charges/${charge}/refund`, { lines: [line] });
  },
  async dispute(course, name) {
    const { site, draws } = course;
    const open = await findCharge(course, name, 'disputed');
    const charge = open ?? (draws.chance(0.4) ? await findCharge(course, name, 'done') : null);
    if (charge === null) return null;
    const state = open === null ? 'disputed' : draws.one(['won', 'lost'] as const);
    return decideCharge(site.app, charge, state);
  },
  async 'write off'({ site, draws }, name) {
    return site.broker('DELETE', `/api/billing/${name}/balance${draws.chance(0.5) ? '?paid=1' : ''}`);
  },
  async import(course, name) {
    const running = await findRunning(course, name);
    if (!running) return null;
    const { site, draws } = course;
    const body = {
      subscription: `${name}:${running.plan}`,
      created_at: site.app.clock.now().toISOString(),
      amount: `${draws.whole(1, 90)}.00`,
      descr: 'Cheque',
    };
    return site.broker('POST', '/api/billing/cowork/transfers/import', body);
  },
  async reverse({ site, draws }, name) {
    const { rows } = await sql<{ key: string }>`
      select key from adjustments join profiles on profiles.id = adjustments.profile_id
      where slug = ${name} order by adjustments.id`.execute(site.app.db);
    if (rows.length === 0) return null;
    return site.broker('POST', `/api/billing/cowork/adjustments/${draws.one(rows).key}/reverse`, {});
  },
  async give({ site, draws }, name) {
    const body = { amount: draws.whole(100, 9000), unit: 'usd', descr: 'Sorry' };
    return site.broker('POST', `/api/billing/${name}/credits`, body);
  },
  async 'pay out'({ site }, name) {
    const { rows } = await sql<{ id: string }>`
      select credits.id from credits join profiles on profiles.id = credits.profile_id
      where slug = ${name} and balance > 0 order by credits.id limit 1`.execute(site.app.db);
    const [lot] = rows;
    return lot ? site.broker('POST', `/api/billing/${name}/credits/${lot.id}/refund`, {}) : null;
  },
  async pay(course, name) {
    const call = callerOf(course, name);
    const url = `/api/billing/${name}/checkout`;
    const quote = await call('GET', url);
    if (quote.status !== 200 || quote.json<{ results: unknown[] }>().results.length === 0) return null;
    return call('POST', url, { processor_token: 'tok_visa', remember_card: true });
  },
  async card(course, name) {
    const token = course.draws.one(['tok_chargeDeclinedExpiredCard', 'tok_mastercard', 'tok_mastercard']);
    return callerOf(course, name)('PUT', `/api/billing/${name}/card`, { token });
  },
};

const names = [...Object.keys(commands), 'buy', 'buy', 'change', 'change', 'change', 'seats', 'refund', 'dispute'];
const jobs = ['run_pauses', 'convert_trials', 'renew_subscriptions', 'recognise_income'];

/** Moves the clock day by day, and runs the jobs of each. */
export async function moveOn({ site, log }: Course, days: number): Promise<void> {
  log.push(`${days} days pass`);
  for (let day = 0; day < days; day += 1) {
    const at = new Date(site.app.clock.now().getTime() + DAY_MS);
    await site.runAt(at.toISOString(), ...jobs);
  }
}

/**
 * Tables that a refusal may change. A declined payment keeps its attempt, and the credit that it had held, as evidence.
 * Only the processor knows if a card used a trial: the card is put on file before it is checked, and stays there.
 * A buyer reads the checkout first, which opens a payment for its sum. A refund that the processor refuses is recorded
 * before the call, with the credit that it pays out, and is closed by the refusal, which returns that credit.
 */
function tablesOfRefusal(name: string, reply: Reply): readonly string[] {
  if (reply.json()['code'] === 'refund_refused')
    return ['refunds', 'refund_lines', ...(name === 'pay out' ? ['credit_uses'] : [])];
  if (name !== 'buy' && name !== 'pay') return [];
  const of_card =
    reply.json()['code'] === 'trial_used' ? ['payment_methods', 'test_processor_customers', 'outbox_events'] : [];
  return ['carts', 'cart_items', 'credit_uses', 'processor_intents', ...of_card];
}

/** Gives one drawn command to a site. A refusal writes nothing. */
export async function command(course: Course, check: () => Promise<void>): Promise<void> {
  const { site, draws, log } = course;
  const [name, person] = [draws.one(names), draws.one(people)];
  await site.app.tollgate.worker.drain();
  const before = await snapshot(site.app, { is_declined: true });
  const reply = await commands[name]?.(course, person);
  if (!reply) return;
  log.push(`${site.app.clock.now().toISOString()} ${name} ${person} ${reply.status}`);
  assert.ok(reply.status < 500, reply.text);
  course.done.set(name, (course.done.get(name) ?? 0) + 1);
  if (reply.status >= 400) {
    course.refused += 1;
    const allowed = tablesOfRefusal(name, reply);
    const after = await snapshot(site.app, { is_declined: true });
    // An object: the server reads the tables in parallel, so that their order is not that of the statement.
    const guarded = (tables: object) =>
      Object.fromEntries(Object.entries(tables).filter(([table]) => !allowed.includes(table)));
    assert.deepEqual(
      guarded(after),
      guarded(before),
      `property 2: the refusal of ${name} writes nothing: ${reply.text}`,
    );
  }
  await check();
}

/** Ends every subscription now, and passes the time until nothing that was sold is left. */
export async function endAll(course: Course): Promise<void> {
  const { site } = course;
  for (const name of people) {
    const running = await findRunning(course, name);
    if (!running) continue;
    const call = callerOf(course, name);
    await call('DELETE', `${subscriptionUrl(name, running)}/pause`);
    const url = `${subscriptionUrl(name, running)}/cancel`;
    const reply = await asShown(course, name, url, { at: 'now', refund: 'none' }, { reason: 'too_expensive' });
    course.log.push(`end ${name} ${reply.status}`);
    assert.equal(reply.status, 200, reply.text);
  }
  const at = new Date(site.app.clock.now().getTime() + 40 * DAY_MS);
  await site.runAt(at.toISOString(), ...jobs, ...jobs);
}
