import { COUPON, managers, type SoldPlan } from './catalog.ts';
import type { OutsideWorld } from './outside/outside-world.ts';
import type { Random } from './random.ts';
import type { Reply, SimulatedSite } from './site.ts';

/** A person of the simulation. */
export interface Person {
  username: string;
  /** Plan that the person bought last; null before the first purchase. */
  plan: SoldPlan | null;
  quantity: number;
}

/** What an action needs. */
export interface Scene {
  site: SimulatedSite;
  world: OutsideWorld;
  random: Random;
  person: Person;
  plans: readonly [SoldPlan, ...SoldPlan[]];
  now: Date;
}

/** Something that people do. */
export interface Action {
  name: string;
  weight: number;
  /** Operation of the API without which the action is left out. */
  requires: readonly [method: string, url: string];
  /** True if a part of it may be done when the rest is refused. */
  is_partial?: boolean;
  /** Sends the requests; null when the person has nothing to do it with. */
  run(scene: Scene): Promise<Reply | null>;
}

const DAY_MS = 86_400_000;
const subscribed = '/api/profile/:profile/subscriptions/:subscribed_plan';

const own = ({ person, plan }: { person: Person; plan: SoldPlan }) =>
  `/api/profile/${person.username}/subscriptions/${plan.slug}`;

/** Puts a plan into the cart and pays it. Most people pay by a good card; some are slow or confirm later. */
async function buy({ site, world, random, person, plans }: Scene): Promise<Reply | null> {
  const { username } = person;
  const plan = random.pick(plans);
  const wants_coupon = random.chance(0.2);
  const token = random.chance(0.05) ? world.tokens.slow : world.tokens.good;
  const option = random.integer(1, plan.options_count);
  const added = await site.call(username, 'POST', '/api/cart', { plan: plan.slug, option });
  if (added.status >= 400) return added;
  if (wants_coupon) await site.call(username, 'POST', '/api/cart/redeem', { code: COUPON });
  const url = `/api/billing/${username}/checkout`;
  await site.call(username, 'GET', url);
  const paid = await site.call(username, 'POST', url, { processor_token: token, remember_card: true });
  if (paid.status >= 400) await site.call(username, 'DELETE', '/api/cart');
  else person.plan = plan;
  return paid;
}

/** Previews a change and executes it as it was shown. */
async function changeTo(scene: Scene, query: Record<string, string | number>): Promise<Reply | null> {
  const { site, person } = scene;
  if (!person.plan) return null;
  const url = `${own({ person, plan: person.plan })}/change`;
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) search.set(name, String(value));
  const preview = await site.call(person.username, 'GET', `${url}?${search.toString()}`);
  if (preview.status !== 200) return preview;
  const { preview_key, charge_amount } = preview.body;
  const changed = await site.call(person.username, 'POST', url, { ...query, preview_key, accept_lost_uses: true });
  return changed.status === 200 ? checkCharged(changed, charge_amount) : changed;
}

/** A change charges what its preview showed. */
function checkCharged(reply: Reply, expected: unknown): Reply {
  const { charge } = reply.body;
  const amount: unknown = typeof charge === 'object' && charge !== null ? Reflect.get(charge, 'amount') : 0;
  return amount === expected
    ? reply
    : { ...reply, status: 599, code: `charged ${String(amount)}, shown ${String(expected)}` };
}

async function changePlan(scene: Scene): Promise<Reply | null> {
  const { plan } = scene.person;
  const others = scene.plans.filter((each) => plan && each.provider === plan.provider && each.slug !== plan.slug);
  const at = scene.random.chance(0.3) ? { at: 'period_end' } : {};
  const [first, ...rest] = others;
  if (!first) return null;
  const to = scene.random.pick([first, ...rest]);
  const changed = await changeTo(scene, { to: to.slug, ...at });
  if (changed?.status === 200 && !('at' in at) && changed.body['charge'] !== undefined) scene.person.plan = to;
  return changed;
}

/** Changes to another plan and back at the same instant, which leaves nothing at list price. */
async function changeThereAndBack(scene: Scene): Promise<Reply | null> {
  const { plan } = scene.person;
  const [first, ...rest] = scene.plans.filter(
    (each) => plan && each.provider === plan.provider && each.slug !== plan.slug,
  );
  const to = first && scene.random.pick([first, ...rest]);
  const there = plan && to ? await changeTo(scene, { to: to.slug, at: 'now' }) : null;
  if (!plan || !to || there?.status !== 200) return there;
  scene.person.plan = to;
  const back = await changeTo(scene, { to: plan.slug, at: 'now' });
  if (back?.status === 200) scene.person.plan = plan;
  return back;
}

async function changeSeats(scene: Scene): Promise<Reply | null> {
  const { person, random } = scene;
  const quantity = random.integer(1, 12);
  if (!person.plan?.has_seats || quantity === person.quantity) return null;
  const changed = await changeTo(scene, { to: person.plan.slug, quantity });
  if (changed?.status === 200) person.quantity = quantity;
  return changed;
}

async function pause({ site, random, person, now }: Scene): Promise<Reply | null> {
  if (!person.plan) return null;
  const resumes_at = new Date(now.getTime() + random.integer(2, 40) * DAY_MS).toISOString();
  return site.call(person.username, 'POST', `${own({ person, plan: person.plan })}/pause`, { at: 'now', resumes_at });
}

async function resume({ site, person }: Scene): Promise<Reply | null> {
  return person.plan ? site.call(person.username, 'DELETE', `${own({ person, plan: person.plan })}/pause`) : null;
}

async function cancel({ site, random, person }: Scene): Promise<Reply | null> {
  if (!person.plan) return null;
  const url = `${own({ person, plan: person.plan })}/cancel`;
  const [at, refund] = random.pick([
    ['period_end', 'none'],
    ['period_end', 'none'],
    ['now', 'none'],
    ['now', 'unused'],
    ['now', 'credit'],
  ]);
  const preview = await site.call(person.username, 'GET', `${url}?at=${at}&refund=${refund}`);
  if (preview.status !== 200) return preview;
  const { preview_key } = preview.body;
  return site.call(person.username, 'POST', url, { at, refund, preview_key, reason: 'too_expensive' });
}

async function unsubscribe({ site, person }: Scene): Promise<Reply | null> {
  return person.plan ? site.call(person.username, 'DELETE', own({ person, plan: person.plan })) : null;
}

async function use({ site, random, person }: Scene): Promise<Reply | null> {
  const quantity = random.integer(1, 90);
  if (!person.plan?.use) return null;
  const body = { plan: person.plan.slug, use: person.plan.use, quantity };
  return site.call(managers[person.plan.provider] ?? null, 'POST', `/api/billing/${person.username}/balance`, body);
}

/** Pays what is due, with a good card that is kept. */
async function payBalance({ site, world, person }: Scene): Promise<Reply | null> {
  const url = `/api/billing/${person.username}/checkout`;
  const quote = await site.call(person.username, 'GET', url);
  const { results } = quote.body;
  if (!Array.isArray(results) || results.length === 0) return null;
  return site.call(person.username, 'POST', url, { processor_token: world.tokens.good, remember_card: true });
}

async function replaceCard({ site, world, random, person }: Scene): Promise<Reply | null> {
  const token = random.chance(0.15) ? world.tokens.declined : world.tokens.other;
  return site.call(person.username, 'PUT', `/api/billing/${person.username}/card`, { token });
}

interface ListedCharge {
  processor_key: string;
  amount: number;
  state: string;
}

/** Finds the newest charge of a person, as the broker sees it. */
async function newestCharge({ site, person }: Scene, state: string): Promise<ListedCharge | undefined> {
  const list = await site.call('olga', 'GET', `/api/billing/charges?q=${person.username}&q_f=customer&page_size=5`);
  // The list of charges has these members.
  const charges = (list.body['results'] ?? []) as ListedCharge[];
  return charges.find((charge) => charge.state === state);
}

async function refund(scene: Scene): Promise<Reply | null> {
  const part = scene.random.next();
  const charge = await newestCharge(scene, 'done');
  if (!charge) return null;
  const line =
    part < 0.5 ? { num: 0 } : { num: 0, refunded_amount: Math.max(1, Math.floor(charge.amount * part * 0.5)) };
  const url = `/api/billing/${scene.person.username}/charges/${charge.processor_key}/refund`;
  return scene.site.call('olga', 'POST', url, { lines: [line] });
}

async function dispute(scene: Scene): Promise<Reply | null> {
  const charge = await newestCharge(scene, 'done');
  if (!charge) return null;
  return scene.world.decideCharge(charge.processor_key, 'disputed');
}

async function decideDispute(scene: Scene): Promise<Reply | null> {
  const state = scene.random.chance(0.5) ? 'won' : 'lost';
  const charge = await newestCharge(scene, 'disputed');
  return charge ? scene.world.decideCharge(charge.processor_key, state) : null;
}

/** The processor decides a payment that was pending. */
async function decidePending(scene: Scene): Promise<Reply | null> {
  const state = scene.random.chance(0.7) ? 'done' : 'failed';
  const charge = await newestCharge(scene, 'created');
  return charge ? scene.world.decideCharge(charge.processor_key, state) : null;
}

async function writeOff({ site, person }: Scene): Promise<Reply | null> {
  if (!person.plan) return null;
  return site.call('olga', 'DELETE', `/api/billing/${person.username}/balance`);
}

async function payOffline({ site, random, person, now }: Scene): Promise<Reply | null> {
  const amount = `${random.integer(5, 40)}.00`;
  if (!person.plan) return null;
  const { provider, slug } = person.plan;
  const body = { subscription: `${person.username}:${slug}`, created_at: now.toISOString(), amount, descr: 'bank' };
  return site.call(managers[provider] ?? null, 'POST', `/api/billing/${provider}/transfers/import`, body);
}

async function giveCredit({ site, random, person }: Scene): Promise<Reply | null> {
  const amount = random.integer(100, 3000);
  const body = { amount, unit: 'usd', descr: 'Sorry for the outage' };
  return site.call('olga', 'POST', `/api/billing/${person.username}/credits`, body);
}

async function retryDunning({ site, world, person }: Scene): Promise<Reply | null> {
  return site.call(person.username, 'POST', `/api/billing/${person.username}/dunning/retry`, {
    processor_token: world.tokens.good,
  });
}

const checkout = ['POST', '/api/billing/:profile/checkout'] as const;

// oxfmt-ignore
/** Everything that people do, with the weight of each in a day on which a person acts. */
export const actions: readonly Action[] = [
  { name: 'buy',             weight: 8,  requires: checkout, run: buy },
  { name: 'change plan',     weight: 10, requires: ['POST', `${subscribed}/change`], run: changePlan },
  { name: 'there and back',  weight: 4,  requires: ['POST', `${subscribed}/change`], run: changeThereAndBack, is_partial: true },
  { name: 'change seats',    weight: 8,  requires: ['POST', `${subscribed}/change`], run: changeSeats },
  { name: 'pause',           weight: 5,  requires: ['POST', `${subscribed}/pause`], run: pause },
  { name: 'resume',          weight: 3,  requires: ['DELETE', `${subscribed}/pause`], run: resume },
  { name: 'cancel',          weight: 5,  requires: ['POST', `${subscribed}/cancel`], run: cancel },
  { name: 'unsubscribe',     weight: 1,  requires: ['DELETE', subscribed], run: unsubscribe },
  { name: 'use',             weight: 10, requires: ['POST', '/api/billing/:profile/balance'], run: use },
  { name: 'pay what is due', weight: 6,  requires: checkout, run: payBalance },
  { name: 'replace card',    weight: 5,  requires: ['PUT', '/api/billing/:profile/card'], run: replaceCard },
  { name: 'refund',          weight: 4,  requires: ['POST', '/api/billing/:profile/charges/:charge/refund'], run: refund },
  { name: 'dispute',         weight: 2,  requires: checkout, run: dispute },
  { name: 'decide dispute',  weight: 4,  requires: checkout, run: decideDispute },
  { name: 'decide payment',  weight: 6,  requires: checkout, run: decidePending },
  { name: 'write off',       weight: 2,  requires: ['DELETE', '/api/billing/:profile/balance'], run: writeOff },
  { name: 'pay offline',     weight: 2,  requires: ['POST', '/api/billing/:profile/transfers/import'], run: payOffline },
  { name: 'give credit',     weight: 2,  requires: ['POST', '/api/billing/:profile/credits'], run: giveCredit },
  { name: 'retry dunning',   weight: 3,  requires: ['POST', '/api/billing/:profile/dunning/retry'], run: retryDunning, is_partial: true },
];

/** Ends what only an outsider decides: payments and disputes that are open. */
export const endings: readonly Action[] = actions.filter(({ name }) => name.startsWith('decide '));
