import { sql, type SqlBool } from 'kysely';
import type { ListQuery, Page } from '#kernel/page';
import type { ProfileId, SubscriptionId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { executeFragment, fragment } from '#platform/db/fragment';
import { defineList, listPage } from '#platform/db/list';
import { selectProfileNames } from '#profiles';
import type { DunningCase } from './dunning-case.ts';
import { readCase } from './dunning-store.ts';

/** States of cases that a list may be restricted to; `open` are the first three, `past` the others. */
export const caseStates = ['retrying', 'waiting', 'suspended', 'recovered', 'closed', 'ended'] as const;
const open_states: readonly string[] = ['retrying', 'waiting', 'suspended'];
export type CaseFilter = (typeof caseStates)[number] | 'open' | 'past';

/** The cases of one payer. Index: dunning_cases_profile_id. */
export const payerCaseList = defineList({
  search: { provider: 'provider.slug', provider__full_name: 'provider.full_name' },
  sort: { created_at: 'dunning.began_at' },
  default_order: [{ column: 'dunning.began_at', descending: true }],
  tie_breaker: 'dunning.id',
  date: 'dunning.began_at',
});

/** The cases of the subscribers of one provider. Indexes: dunning_cases_provider_id, dunning_cases_provider_open. */
export const providerCaseList = defineList({
  search: { profile: 'subscriber.slug', profile__full_name: 'subscriber.full_name' },
  sort: { created_at: 'dunning.began_at' },
  default_order: [{ column: 'dunning.began_at', descending: true }],
  tie_breaker: 'dunning.id',
  date: 'dunning.began_at',
});

/** Condition: the case is in a state. It names `closed_at` for each: the indexes of open cases hold rows without it. */
function isInState(state: CaseFilter) {
  const closed_at = sql.ref('dunning.closed_at');
  if (state === 'open') return sql<SqlBool>`${closed_at} is null`;
  if (state === 'past') return sql<SqlBool>`${closed_at} is not null`;
  const is_open = open_states.includes(state);
  const of_kind = sql.raw(is_open ? 'is null' : 'is not null');
  return sql<SqlBool>`(${closed_at} ${of_kind} and ${sql.ref('dunning.state')} = ${state})`;
}

interface CasePage {
  list: ListQuery;
  url: URL;
  state: CaseFilter | null;
}

/** Returns a page of the cases of a payer; with `sellers` those with these providers only. */
export async function listPayerCases(
  reader: Reader,
  profile_id: ProfileId,
  sellers: readonly ProfileId[] | null,
  { list, url, state }: CasePage,
): Promise<Page<DunningCase>> {
  let rows = reader
    .selectFrom('dunning_cases as dunning')
    // A left join, which the database leaves out unless the list is searched by its names.
    .leftJoin(selectProfileNames(reader).as('provider'), 'provider.id', 'dunning.provider_id')
    .selectAll('dunning')
    .where('dunning.profile_id', '=', profile_id);
  if (sellers !== null) rows = rows.where('dunning.provider_id', '=', (eb) => eb.fn.any(eb.val([...sellers])));
  if (state !== null) rows = rows.where(isInState(state));
  const page = await listPage(reader, rows, payerCaseList, list, url);
  return { ...page, results: page.results.map(readCase) };
}

/** Returns a page of the cases of the subscribers of a provider. */
export async function listProviderCases(
  reader: Reader,
  provider_id: ProfileId,
  { list, url, state }: CasePage,
): Promise<Page<DunningCase>> {
  let rows = reader
    .selectFrom('dunning_cases as dunning')
    // A left join, which the database leaves out unless the list is searched by its names.
    .leftJoin(selectProfileNames(reader).as('subscriber'), 'subscriber.id', 'dunning.profile_id')
    .selectAll('dunning')
    .where('dunning.provider_id', '=', provider_id);
  if (state !== null) rows = rows.where(isInState(state));
  const page = await listPage(reader, rows, providerCaseList, list, url);
  return { ...page, results: page.results.map(readCase) };
}

/** The payer of a subscription, and whether its charge failed. */
export interface PayerStanding {
  subscription_id: SubscriptionId;
  payer_id: ProfileId;
  /** True if the payer has an open dunning case with the provider. */
  is_past_due: boolean;
}

/**
 * Finds who pays subscriptions, the profile of the newest coverage, and whether that payer has an open case with the
 * provider. A subscription without a coverage is absent. Indexes: coverages_order, dunning_cases_open.
 */
export async function findPayerStandings(
  reader: Reader,
  subscriptions: readonly { subscription_id: SubscriptionId; provider_id: ProfileId }[],
): Promise<PayerStanding[]> {
  if (subscriptions.length === 0) return [];
  const ids = subscriptions.map(({ subscription_id }) => subscription_id);
  const provider_ids = subscriptions.map(({ provider_id }) => provider_id);
  return executeFragment(
    reader,
    fragment<PayerStanding>`
    select given.id as subscription_id, newest.profile_id as payer_id, exists (
      select from dunning_cases where profile_id = newest.profile_id and provider_id = given.provider_id
        and closed_at is null) as is_past_due
    from unnest(${ids}::bigint[], ${provider_ids}::bigint[]) given (id, provider_id) cross join lateral (
      select orders.profile_id from coverages join order_lines line on line.id = coverages.order_line_id
        join orders on orders.id = line.order_id
      where coverages.subscription_id = given.id order by coverages.ends_at desc, line.id desc limit 1
    ) newest`,
  );
}
