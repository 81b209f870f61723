import { invalidInput } from '#kernel/problem';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction, type Reader } from '#platform/db/database';
import { lockProfile } from '#profiles';
import { findOwnTerms, saveOwnTerms } from './dunning-store.ts';
import {
  type DunningSettings,
  type DunningTerms,
  dunningTerms,
  type OwnTerms,
  readOwnTerms,
  findTermFaults,
} from './dunning-terms.ts';

/** The rules that apply to new cases of a provider, and those that it set. */
export interface ProviderTerms {
  terms: DunningTerms;
  own: OwnTerms;
}

/** Loads the rules of a provider. */
export async function loadTerms(reader: Reader, site: DunningSettings, provider_id: ProfileId): Promise<ProviderTerms> {
  const own = await findOwnTerms(reader, provider_id);
  return { terms: dunningTerms(site, own), own: readOwnTerms(own) };
}

/**
 * Changes rules of a provider; null takes the setting of the site, a field that is left out stays. Cases that are open
 * keep the rules of their day 0.
 *
 * Locks: the provider.
 * @throws invalid_input (400) naming each field at fault
 */
export async function changeTerms(
  ctx: Context,
  site: DunningSettings,
  provider_id: ProfileId,
  change: Partial<OwnTerms>,
): Promise<ProviderTerms> {
  return inTransaction(ctx.db, async (tx) => {
    await lockProfile(tx, provider_id);
    const own: OwnTerms = { ...(await loadTerms(tx, site, provider_id)).own, ...change };
    const terms = applyOwnTerms(site, own);
    const errors = findTermFaults(terms, own);
    if (Object.keys(errors).length > 0) throw invalidInput(errors);
    await saveOwnTerms(tx, provider_id, own, ctx.clock.now());
    return { terms, own };
  });
}

function applyOwnTerms(site: DunningSettings, { end, ...own }: OwnTerms): DunningTerms {
  const of_site = dunningTerms(site, undefined);
  return {
    retry_days: own.retry_days ?? of_site.retry_days,
    grace_days: own.grace_days ?? of_site.grace_days,
    access: own.access ?? of_site.access,
    access_days: own.access_days ?? of_site.access_days,
    end: end ?? of_site.end,
    used_part: own.used_part ?? of_site.used_part,
  };
}
