import { managers } from './catalog.ts';
import type { OutsideWorld } from './outside/outside-world.ts';
import type { Random } from './random.ts';
import type { Reply, SimulatedSite } from './site.ts';

/**
 * Pays a part of the funds of a provider out. A provider that gets no response repeats the request with its key, at
 * once or never.
 */
export async function payOut(site: SimulatedSite, random: Random, provider: string, now: Date): Promise<Reply | null> {
  const part = random.next();
  const is_repeated = random.chance(0.5);
  const bank = await site.call(managers[provider] ?? null, 'GET', `/api/billing/${provider}/bank`);
  if (bank.status !== 200) return bank;
  const amount = Math.floor(Number(bank.body['balance_amount']) * part);
  if (amount < 1) return null;
  const payout = { amount, key: `simulated-payout-${provider}-${now.getTime()}` };
  const reply = await site.payOut(provider, payout);
  return reply.status >= 500 && is_repeated ? site.payOut(provider, payout) : reply;
}

/** The bank takes a payout that is on its way, or returns it: also one that it took before. Null if there is none. */
export async function decidePayout(world: OutsideWorld, random: Random): Promise<Reply | null> {
  const drawn = random.next();
  const payouts = await world.listPayouts();
  const open = payouts.find(({ state }) => state === 'pending');
  const payout = open ?? (drawn < 0.1 ? payouts.findLast(({ state }) => state === 'paid') : undefined);
  if (!payout) return null;
  return world.decidePayout(payout.key, open && drawn < 0.8 ? 'paid' : 'failed');
}
