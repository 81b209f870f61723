import type { FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { readInstant } from '#kernel/instant';
import type { ListQuery, Page } from '#kernel/page';
import { paths } from '#platform/http/paths';
import { federatedPointParams, readFederatedProfiles, readFederationPoint } from '../customers/index.ts';
import { entryPointParams, readEntriesOfPoint } from '../money/index.ts';
import { readCountedSubscriptions, subscriptionPointParams } from '../plans/index.ts';
import type { Reported } from '../provider.ts';
import { movementPointParams, readMovementPoint, readMovements } from '../recurring/index.ts';
import { hidden_note, type rowsPage } from './page-types.ts';

export const EntriesQuery = Type.Object(entryPointParams);
export const SubscriptionsQuery = Type.Object(subscriptionPointParams);
export const MovementsQuery = Type.Object(movementPointParams);

export const FederatedProfilesQuery = Type.Object(federatedPointParams);

export type ShownRow = (typeof rowsPage)['samples']['typical']['rows'][number];

/** Rows of a page with their sum; null where amounts of several units are listed. */
export interface ReadRows extends Page<ShownRow> {
  total: { amount: number; unit: string } | null;
}

interface Asked {
  request: Pick<FastifyRequest, 'ctx' | 'listUrl'>;
  reported: Reported;
  list: ListQuery;
}

const customerOf = ({ slug, printable_name }: { slug: string; printable_name: string }) => ({
  name: printable_name,
  href: paths.profile(slug),
});

/** Reads the ledger entries behind a point. The other side of an entry is shown as its customer. */
export async function readEntryRows({ request, reported, list }: Asked, query: Static<typeof EntriesQuery>) {
  const { ctx, listUrl } = request;
  const { provider } = reported;
  const unit = query.unit ?? reported.unit;
  const page = await readEntriesOfPoint(
    ctx,
    {
      provider_id: provider.id,
      series: query.series,
      unit,
      start_at: list.start_at,
      ends_at: list.ends_at ?? ctx.clock.now(),
      before_at: query.before_at ? readInstant('before_at', query.before_at, provider.default_timezone) : null,
      timezone: provider.default_timezone,
    },
    list,
    listUrl,
  );
  const results = page.results.map((entry): ShownRow => {
    const { orig_profile, dest_profile } = entry;
    const other = [dest_profile, orig_profile].find(({ slug }) => slug !== provider.slug);
    return {
      at: entry.created_at,
      what: entry.text,
      note: `${entry.orig_account} to ${entry.dest_account}`,
      ends_at: null,
      customer: other ? customerOf(other) : null,
      money: { amount: entry.counted, unit },
    };
  });
  return { ...page, results, total: { amount: page.counted_amount ?? 0, unit } } satisfies ReadRows;
}

/** Reads the subscriptions behind a point. */
export async function readSubscriptionRows(
  { request, reported, list }: Asked,
  { state, plan }: Static<typeof SubscriptionsQuery>,
): Promise<ReadRows> {
  const { ctx, listUrl } = request;
  const point = {
    provider_id: reported.provider.id,
    plan: plan ?? null,
    state,
    start_at: list.start_at,
    ends_at: list.ends_at ?? ctx.clock.now(),
  };
  const page = await readCountedSubscriptions(ctx.db, point, list, listUrl);
  const results = page.results.map((each): ShownRow => ({
    at: each.created_at,
    what: each.plan.title,
    note: each.auto_renew ? 'Renews' : 'Does not renew',
    ends_at: each.ends_at,
    customer: customerOf(each.profile),
    money: { amount: each.amount, unit: each.unit },
  }));
  return { ...page, results, total: null };
}

/** Reads the movements of recurring revenue behind a point. */
export async function readMovementRows(
  { request, reported, list }: Asked,
  query: Static<typeof MovementsQuery>,
): Promise<ReadRows> {
  const { ctx, listUrl } = request;
  const { provider } = reported;
  const unit = query.unit ?? reported.unit;
  const of = { provider_id: provider.id, unit, zone: provider.default_timezone, now: ctx.clock.now() };
  const page = await readMovements(ctx.db, readMovementPoint(query, list, of), list, listUrl);
  const results = page.results.map(({ at, kind, cause, amount, profile, lines }): ShownRow => ({
    at,
    what: `${capital(kind)} (${cause.replaceAll('_', ' ')})`,
    note: lines.map(({ description }) => description).join(' · ') || null,
    ends_at: null,
    customer: customerOf(profile),
    money: { amount, unit },
  }));
  return { ...page, results, total: { amount: page.counted_amount, unit } };
}

/** Reads the profiles behind a point of a federation. A subscriber of another seller has no name and no dates. */
export async function readFederatedRows(
  { request, reported, list }: Asked,
  query: Static<typeof FederatedProfilesQuery>,
): Promise<ReadRows> {
  const { ctx, listUrl } = request;
  const point = readFederationPoint(query, list, { provider_id: reported.provider.id, now: ctx.clock.now() });
  const page = await readFederatedProfiles(ctx.db, point, list, listUrl);
  const results = page.results.map(({ profile, begins_at, ends_at }): ShownRow => ({
    at: begins_at,
    what: profile ? 'Your subscriber' : 'Subscriber of a member',
    note: profile ? null : hidden_note,
    ends_at,
    customer: profile && customerOf(profile),
    money: null,
  }));
  return { ...page, results, total: null };
}

const capital = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
