import { type Static, type TObject, Type } from 'typebox';
import type { ListQuery } from '#kernel/page';
import { invalidInput } from '#kernel/problem';
import type { ProfileId } from '#platform/db/db-schema';
import { type FederationPoint, member_states } from './federation-store.ts';

/** Parameters that name a point of the reports of a federation, besides `start_at` and `ends_at`. */
export const federatedPointParams = {
  state: Type.Enum([...member_states, 'shared'], { description: 'What the point counts' }),
  member: Type.Optional(
    Type.String({ maxLength: 150, description: 'Slug of a member; the whole federation when omitted' }),
  ),
  subscriptions_count: Type.Optional(
    Type.String({ pattern: '^[1-9][0-9]{0,5}$', description: 'Running subscriptions of each; for shared' }),
  ),
};

/**
 * Reads the point that a list of profiles names.
 * @throws invalid_input (400) naming `start_at`
 */
export function readFederationPoint(
  { state, member, subscriptions_count = '1' }: Static<TObject<typeof federatedPointParams>>,
  list: Pick<ListQuery, 'start_at' | 'ends_at'>,
  { provider_id, now }: { provider_id: ProfileId; now: Date },
): FederationPoint {
  const at = list.ends_at ?? now;
  const from = list.start_at ?? at;
  requireOrder(from, at);
  const of = { provider_id, from, at };
  return state === 'shared'
    ? { ...of, state, subscriptions_count: Number(subscriptions_count) }
    : { ...of, state, member: member ?? null };
}

/** @throws invalid_input (400) naming `start_at` */
export function requireOrder(from: Date, at: Date): void {
  if (from > at) throw invalidInput({ start_at: ['The start must be before the end.'] });
}
