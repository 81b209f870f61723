import { findOwingProfiles } from '#ledger';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { findProfilesByIds, type Profile } from '#profiles';
import { runConcurrently } from '../run-concurrently.ts';
import { findPlaceBalances } from './case-balances.ts';
import { findPayingPayers, type StillWanted } from './charge-due.ts';
import { type DunningCase, nextReach } from './dunning-case.ts';
import type { DunningContext } from './dunning-context.ts';
import {
  type DuePlace,
  findOpenBatch,
  findOpenCases,
  findOpenRenewalCharges,
  findRenewalCharges,
  findUnreachedPlaces,
  isSamePlace,
  type RenewalCharge,
} from './dunning-store.ts';
import { isChargeable, loadDues } from './load-dues.ts';
import { collectDue } from './review-case.ts';

const BATCH = 200;
const CONCURRENCY_MAX = 8;
const DAY_MS = 86_400_000;
/** Places that the processor was not reached for are called again for this long. */
const UNREACHED_MS = 30 * DAY_MS;

/** A run of automatic charges. */
export interface OwingRun {
  at: Date;
  isOver(): boolean;
}

/**
 * Charges every payer who owes something on auto-renewing subscriptions and has no dunning case there. Uses alone are
 * charged once a day, so that a use of a few cents does not make a charge of its own each hour.
 */
export async function chargeOwing(ctx: DunningContext, run: OwingRun): Promise<void> {
  let after: ProfileId | null = null;
  while (!run.isOver()) {
    const owing: Awaited<ReturnType<typeof findOwingProfiles>> = await findOwingProfiles(ctx.db, after, BATCH);
    const last = owing.at(-1);
    if (!last) return;
    after = last.profile_id;
    const payer_ids = owing.map(({ profile_id }) => profile_id);
    await chargeThose(ctx, await keepChargeable(ctx.db, payer_ids), run);
  }
}

/** Charges what payers owe after their renewal. */
export async function chargePayers(ctx: DunningContext, payers: readonly ProfileId[], run: OwingRun): Promise<void> {
  for (let from = 0; from < payers.length && !run.isOver(); from += BATCH)
    await chargeThose(ctx, await keepReachable(ctx.db, payers.slice(from, from + BATCH)), run);
}

async function chargeThose(ctx: DunningContext, payers: readonly ReachablePayer[], run: OwingRun): Promise<void> {
  await runConcurrently(payers, CONCURRENCY_MAX, async (payer) => {
    if (!run.isOver()) await chargePayer(ctx, payer.payer, run);
  });
}

/** An active payer without an open payment, with the open cases. */
interface ReachablePayer {
  payer: Profile;
  cases: readonly DunningCase[];
}

/**
 * Leaves out the payers whose charge would be postponed: a payment is open, or each place where they owe something on
 * an auto-renewing subscription has a dunning case. One of them may stay for weeks, and each hour would load its
 * balances. Statements: eight, however many payers.
 */
async function keepChargeable(reader: Reader, payer_ids: readonly ProfileId[]): Promise<ReachablePayer[]> {
  const reachable = await keepReachable(reader, payer_ids);
  const balances = await findPlaceBalances(
    reader,
    reachable.map(({ payer }) => payer.id),
  );
  return reachable.filter(({ payer, cases }) =>
    balances.some((place) => place.profile_id === payer.id && !cases.some((open) => isSamePlace(open, place))),
  );
}

async function keepReachable(reader: Reader, profile_ids: readonly ProfileId[]): Promise<ReachablePayer[]> {
  const ids = [...new Set(profile_ids)];
  if (ids.length === 0) return [];
  const profiles = await findProfilesByIds(reader, ids);
  const paying = await findPayingPayers(reader, ids);
  const cases = Map.groupBy(await findOpenCases(reader, ids), ({ profile_id }) => profile_id);
  return ids.flatMap((id) => {
    const payer = profiles.get(id);
    return payer?.is_active === true && !paying.has(id) ? [{ payer, cases: cases.get(id) ?? [] }] : [];
  });
}

const unreachedSince = (at: Date) => new Date(at.getTime() - UNREACHED_MS);

/** Returns the reads of what waits for a run at an instant: the first row of each list, or all of a short one. */
export function findWaiting(at: Date): ((reader: Reader) => Promise<readonly object[]>)[] {
  return [
    (reader) => findOpenRenewalCharges(reader, null, 1),
    (reader) => findOpenBatch(reader, null, 1),
    (reader) => findUnreachedPlaces(reader, unreachedSince(at)),
    (reader) => findOwingProfiles(reader, null, 1),
  ];
}

/** Charges the places whose last charge did not reach the processor and that are called again now. */
export async function chargeUnreached(ctx: DunningContext, { at, isOver }: OwingRun): Promise<void> {
  const places = await findUnreachedPlaces(ctx.db, unreachedSince(at));
  for (const place of places) {
    if (isOver()) return;
    const open = (await findOpenCases(ctx.db, [place.profile_id])).some((each) => isSamePlace(each, place));
    if (!open && isDueAgain(await findRenewalCharges(ctx.db, place, 5), at)) await chargePlace(ctx, place, at);
  }
}

/** Reads the cases again: another node may have charged the payer, and opened one, since the batch was read. */
async function chargePayer(ctx: DunningContext, payer: Profile, { at }: OwingRun): Promise<void> {
  const dues = (await loadDues(ctx.db, payer, at, { renewing_only: true })).filter(isChargeable);
  if (dues.length === 0) return;
  const cases = await findOpenCases(ctx.db, [payer.id]);
  const is_daily = at.getUTCHours() === 0;
  for (const due of dues) {
    if (cases.some((open) => isSamePlace(open, due)) || !(due.has_periods || is_daily)) continue;
    if (isDueAgain(await findRenewalCharges(ctx.db, due, 5), at)) await chargePlace(ctx, due, at);
  }
}

async function chargePlace(ctx: DunningContext, { profile_id, provider_id, unit }: DuePlace, at: Date): Promise<void> {
  const place = { profile_id, provider_id, unit };
  const isWanted: StillWanted = async (tx, open) =>
    open === undefined && isDueAgain(await findRenewalCharges(tx, place, 5), at);
  try {
    await collectDue(ctx, place, { trigger: 'renewal', at, isWanted });
  } catch (error) {
    ctx.log.error({ err: error, profile_id, provider_id }, 'balance not charged');
  }
}

/**
 * True unless the last charges of a place did not reach the processor and the next call is later. `charges` are newest
 * first. After the last call of the schedule the processor is called once a day. Pure.
 */
export function isDueAgain(charges: readonly Pick<RenewalCharge, 'kind' | 'created_at'>[], at: Date): boolean {
  const reached = charges.findIndex(({ kind }) => kind !== 'processor');
  const unreached = reached === -1 ? charges : charges.slice(0, reached);
  // A charge whose outcome is not noted is open.
  if (charges[0] !== undefined && charges[0].kind === null) return false;
  const [newest] = unreached;
  const first = unreached.at(-1);
  if (!newest || !first) return true;
  const next = nextReach(first.created_at, unreached.length) ?? new Date(newest.created_at.getTime() + DAY_MS);
  return next <= at;
}
