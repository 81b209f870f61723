import type { Context } from '#platform/context';
import { checkEntryPoint, type ConnectionCheck } from './check-entry-point.ts';
import { connectionTestLimit } from './rate-limits.ts';

/**
 * Tests the address of an application, for a manager who waits for the result; changes nothing.
 *
 * @throws invalid_input (400) naming `entry_point` · too_many_requests (429)
 */
export async function testConnection(
  ctx: Context,
  entry_point: string,
  needs: { private_addresses_allowed: boolean },
): Promise<ConnectionCheck> {
  await ctx.throttle.take(connectionTestLimit, ctx.site.slug);
  return checkEntryPoint(entry_point, needs);
}
