import { listPlans } from '#catalog';
import { mergeReads } from '#platform/db/merge-reads';
import type { Context } from '#platform/context';
import type { Reader } from '#platform/db/database';
import type { ListQuery, Page } from '#kernel/page';
import { findProfileSummaries, type ProfileSummary } from '#profiles';
import type { ProfileId } from '#platform/db/db-schema';
import { findHeldPlans } from '#subscriptions';
import { loadCartFacts } from './cart-facts.ts';
import { type CouponOffer, offerPlans, type Offers } from './offer-plans.ts';

export interface ListedOffers extends Offers {
  /** The plans as a page; `results` are in `offers`. */
  page: Omit<Page<CouponOffer>, 'results'>;
  providers: ReadonlyMap<ProfileId, ProfileSummary>;
}

/** The caller, and a reader that may be part of a merged statement. */
type Reading = Pick<Context, 'actor' | 'clock'> & { db: Reader };

/** Loads the plans for sale with their providers, as offered to the caller; two statements. */
export async function loadOffers(ctx: Reading, list: ListQuery, url: URL): Promise<ListedOffers> {
  const at = ctx.clock.now();
  const owner = ctx.actor.kind === 'user' ? { user_id: ctx.actor.user_id } : null;
  const [{ results: plans, ...page }, cart] = await mergeReads(ctx.db, [
    (together) => listPlans(together, { is_active: true }, list, url),
    (together) => loadCartFacts(together, ctx.actor),
  ]);
  const [offers, providers] = await mergeReads(ctx.db, [
    (together) => offerPlans(together, plans, { cart, owner, at }),
    (together) =>
      findProfileSummaries(
        together,
        plans.map(({ profile_id }) => profile_id),
      ),
  ]);
  return { page, providers, ...offers };
}

/** Finds the plans that the profiles of the caller hold; none for a visitor. */
export async function findCallerPlans({ db, actor, clock }: Reading): ReturnType<typeof findHeldPlans> {
  return actor.kind === 'user' ? findHeldPlans(db, actor.user_id, clock.now()) : new Map();
}
