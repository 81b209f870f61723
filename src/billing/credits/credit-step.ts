import type { FastifyRequest } from 'fastify';
import { sellersSeenBy } from '#platform/http/guards/access';
import { paths } from '#platform/http/paths';
import { findProfilesByIds, type Profile, profileName } from '#profiles';
import { getProfileById } from '../payer.ts';
import { holderOf } from './routes.ts';

/** Access to the pages that give credit and pay it out. */
export const stepAccess = { kind: 'provider-only', manages: true } as const;

/** Holder of the credit, and the providers on whose behalf the caller acts: the broker acts for itself. */
export interface CreditStep {
  holder: Profile;
  sellers: readonly Profile[];
}

/** Loads the parties of a step. */
export async function loadStep(request: FastifyRequest): Promise<CreditStep> {
  const { ctx, subject } = request;
  const seller_ids = sellersSeenBy(subject) ?? [ctx.site.broker_id];
  const sellers = await findProfilesByIds(ctx.db, [...seller_ids]);
  return { holder: await getProfileById(ctx.db, holderOf(request)), sellers: [...sellers.values()] };
}

/** Returns the members that both steps share. */
export function viewStep({ ctx }: FastifyRequest, { holder, sellers: [first] }: CreditStep) {
  const seller = first?.slug ?? ctx.site.slug;
  const name = profileName(holder);
  return {
    profile: { slug: holder.slug, printable_name: name },
    nav_as: { profile: seller, current: paths.subscribers(seller) },
    crumbs: [{ label: `Credit of ${name}`, href: paths.credits(holder.slug) }],
    keep_url: paths.credits(holder.slug),
    refusal: null,
    review: null,
  };
}
