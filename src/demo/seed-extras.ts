import { addActivity } from '#contacts';
import { changeProxy, createRule, rotateSessionKey, updateRule } from '#gateway';
import { addBalanceLine } from '#metrics';
import type { Context } from '#platform/context';
import { actAs, type People } from './seed-people.ts';

/** Adds the balance sheet of the API documentation. */
export async function seedReports(ctx: Context): Promise<void> {
  await addBalanceLine(ctx, { report: 'taxes', title: 'Sales', selector: 'Receivable', rank: 1 });
}

/** Adds the notes of a contributor about a customer. */
export async function seedActivities(ctx: Context, people: People): Promise<void> {
  const alice = actAs(ctx, people.users.get('alice'));
  for (const text of ['Phone call: asks for a desk near a window.', 'Visited the open space and liked it.']) {
    await addActivity(alice, 'xia', { text, account: 'xia' });
  }
}

/**
 * Forwards signed-in users to the sample application, and its reports only for profiles with a paid plan.
 * Returns the session key, which the application shares with the gateway.
 */
export async function seedRules(
  ctx: Context,
  given: { secret: string; upstream_url: string; bare: boolean },
): Promise<string> {
  await changeProxy(ctx, { entry_point: given.upstream_url }, { private_addresses_allowed: true });
  await updateRule(ctx, '/app/', { is_forward: true, engaged: 'app', allow: 1 });
  if (!given.bare)
    await createRule(ctx, {
      rank: 1,
      path: '/app/{profile}/reports/',
      is_forward: true,
      engaged: 'reports',
      allow: 15,
    });
  return rotateSessionKey(ctx, given.secret);
}
