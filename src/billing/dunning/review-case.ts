import type { Context } from '#platform/context';
import { inTransaction, type Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { walkRows } from '#platform/jobs/walk-rows';
import { findDisputingPlaces } from '#payments';
import type { DunningCaseId, ProfileId } from '#platform/db/db-schema';
import { findProfileById, lockProfile, type Profile } from '#profiles';
import { isParked, park } from '../parked/index.ts';
import { BooksViolation } from '../recognition/index.ts';
import { renewalRecovered } from '../renewal-events.ts';
import { wholeSecond } from '../whole-second.ts';
import {
  chargeDue,
  type DueOutcome,
  isPaying,
  type ReservedDue,
  runReserved,
  type StillWanted,
  type WantedCharge,
} from './charge-due.ts';
import {
  type CaseChange,
  type DuePlace,
  findOpenBatch,
  findOpenCases,
  isSamePlace,
  lockOpenCase,
  updateCase,
} from './dunning-store.ts';
import { decideStep, type DunningCase, thawedDates } from './dunning-case.ts';
import type { DunningContext } from './dunning-context.ts';
import { findEventfulCases } from './eventful-cases.ts';
import { endCase, restrictAccess, resumeCase, suspendCase } from './end-case.ts';
import { noteOutcomesOf, notePaidOf } from './note-outcomes.ts';
import { dueAt, isChargeable, loadDues } from './load-dues.ts';

/** What a review did, or what it leaves to the caller. */
export type ReviewResult = 'none' | 'recovered' | 'closed' | 'ended' | 'suspended' | 'attempt';

/** A run of the job. */
export interface ReviewRun {
  at: Date;
  isOver(): boolean;
}

/** Reviews every open case that may change, each in its own transaction, and makes the attempts that are due. */
export async function reviewCases(ctx: DunningContext, { at, isOver }: ReviewRun): Promise<void> {
  let eventful: ReadonlySet<DunningCaseId> = new Set();
  await walkRows({
    async findBatch(after: DunningCaseId | null, limit) {
      if (isOver()) return [];
      const cases = await findOpenBatch(ctx.db, after, limit);
      eventful = await findEventfulCases(ctx.db, cases, at);
      return cases;
    },
    async work(open) {
      if (eventful.has(open.id) && !isOver())
        await parkingOnViolation(ctx, open.profile_id, () => reviewAndCharge(ctx, open, at));
    },
    onError: ({ id }, error) => ctx.log.error({ err: error, dunning_case_id: id }, 'dunning case not reviewed'),
  });
}

/** Parks a payer, with the reason, whose books break a rule; the job leaves the payer alone until it is released. */
async function parkingOnViolation(
  ctx: DunningContext,
  profile_id: ProfileId,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof BooksViolation)) throw error;
    const reason = error.message;
    await inTransaction(ctx.db, (tx) => park(tx, { profile_id, job: 'renew_subscriptions', reason }, ctx.clock.now()));
    ctx.log.error({ profile_id, reason }, 'profile parked: its books break a rule of recognition');
  }
}

async function reviewAndCharge(ctx: DunningContext, open: DunningCase, at: Date): Promise<void> {
  const { profile_id, provider_id, unit } = open;
  const place = { profile_id, provider_id, unit };
  if ((await reviewCase(ctx, open, at)) !== 'attempt') return;
  const isWanted: StillWanted = (_tx, now) => now !== undefined && decideStep(now, at) === 'attempt';
  await collectDue(ctx, place, { trigger: 'schedule', at, isWanted });
}

/**
 * Charges a due, then reviews the case of the place: a payment closes it, and a case that allows no access stops the
 * time of its subscriptions.
 */
export async function collectDue(ctx: DunningContext, place: DuePlace, attempt: WantedCharge): Promise<DueOutcome> {
  const outcome = await chargeDue(ctx, place, attempt);
  if (outcome.result === 'charged') await noteOutcomesOf(ctx, place);
  await reviewPlace(ctx, place, attempt.at);
  return outcome;
}

/** Calls the processor for a reserved charge, then reviews the case of the place. */
export async function collectReserved(ctx: DunningContext, reserved: ReservedDue, at: Date): Promise<DueOutcome> {
  const outcome = await runReserved(ctx, reserved, at);
  if (outcome.result !== 'charged') await reviewPlace(ctx, reserved.place, at);
  return outcome;
}

/** Calls the processor again for a reserved charge of any trigger, then notes its outcome and reviews the case. */
export async function collectAgain(ctx: DunningContext, reserved: ReservedDue, at: Date): Promise<void> {
  const { result } = await runReserved(ctx, reserved, at);
  if (result === 'charged') await noteOutcomesOf(ctx, reserved.place);
  await reviewPlace(ctx, reserved.place, at);
}

/** Reviews the open case of a place, if there is one. */
export async function reviewPlace(ctx: DunningContext, place: DuePlace, at: Date): Promise<void> {
  for (const open of await findOpenCases(ctx.db, [place.profile_id]))
    if (isSamePlace(open, place)) await reviewCase(ctx, open, at);
}

/**
 * Applies balance, disputes and time to an open case: closes a recovered one, and ends or suspends the subscriptions at
 * the end of the grace. Looks at the balance, so that any payment counts: by card, link, offline, credit, write-off.
 *
 * Locks: the payer's profile, its paid automatic charges, the case, then as a cancellation.
 */
export async function reviewCase(ctx: DunningContext, { id, ...place }: DunningCase, at: Date): Promise<ReviewResult> {
  return inTransaction(ctx.db, async (tx) => {
    await lockProfile(tx, place.profile_id);
    await notePaidOf(tx, place, at);
    const open = await lockOpenCase(tx, place);
    const payer = await findProfileById(tx, place.profile_id);
    if (open?.id !== id || !payer) return 'none';
    if ((await isPaying(tx, payer.id)) || (await isParked(tx, payer.id, 'renew_subscriptions'))) return 'none';
    const due = dueAt(await loadDues(tx, payer, at, { renewing_only: true }), open);
    if (!payer.is_active || !due || !isChargeable(due)) return closeCase(tx, open, payer, at);
    const current = await followDisputes(tx, open, at);
    const step = decideStep(current, at);
    if (step !== 'end' && step !== 'suspend') await restrictAccess(tx, current, due, at);
    if (step === 'end') await endCase(ctx, tx, current, due, at);
    if (step === 'suspend') await suspendCase(ctx, tx, current, due, at);
    return step === 'end' ? 'ended' : step === 'suspend' ? 'suspended' : step;
  });
}

/**
 * Closes the open cases of a payer whose balance is no longer due on auto-renewing subscriptions, in the transaction
 * that settled it. The time that such a case stopped runs on from the second of `at`. A payer with an open payment is
 * left to the next run.
 *
 * The caller has locked the payer's profile. Locks: the paid automatic charges, the cases, then their subscriptions.
 */
export async function closeSettledCases(tx: Tx, payer: Profile, at: Date): Promise<void> {
  const cases = await findOpenCases(tx, [payer.id]);
  if (cases.length === 0 || (await isPaying(tx, payer.id))) return;
  const dues = await loadDues(tx, payer, at, { renewing_only: true });
  const settled = cases.filter((found) => {
    const due = dueAt(dues, found);
    return !due || !isChargeable(due);
  });
  for (const found of settled) await notePaidOf(tx, found, at);
  for (const found of settled) {
    const open = await lockOpenCase(tx, found);
    if (open?.id === found.id) await closeCase(tx, open, payer, at);
  }
}

/**
 * Closes the open cases that a payment of a balance settled, without waiting for the next hourly run, which closes what
 * an error here leaves open. In a transaction of its own, because the locks of a case come before the number of a
 * document, the last lock of a payment. Never throws.
 */
export async function closePaidCases(ctx: Context, payer_id: ProfileId): Promise<void> {
  try {
    await inTransaction(ctx.db, async (tx) => closeSettledCases(tx, await lockProfile(tx, payer_id), ctx.clock.now()));
  } catch (error) {
    ctx.log.error({ err: error, profile_id: payer_id }, 'dunning case of a paid balance not closed');
  }
}

/** Closes a case whose balance is no longer due on auto-renewing subscriptions: paid, or the subscriptions ended. */
async function closeCase(tx: Tx, open: DunningCase, payer: Profile, now: Date): Promise<ReviewResult> {
  const left = dueAt(await loadDues(tx, payer, now, { renewing_only: false }), open);
  // Coverages and notices carry whole seconds.
  const at = wholeSecond(now);
  const state = payer.is_active && (!left || !isChargeable(left)) ? 'recovered' : 'closed';
  await updateCase(tx, open.id, { state, closed_at: at, next_attempt_at: null, frozen_at: null });
  const plans = await resumeCase(tx, open, at);
  if (state === 'closed') return state;
  const { id: dunning_case_id, profile_id, provider_id, unit } = open;
  const was_suspended = open.state === 'suspended';
  await emit(tx, renewalRecovered({ dunning_case_id, profile_id, provider_id, unit, plans, was_suspended }), at);
  return state;
}

/** Freezes a case while a payment of the payer to the provider is disputed, and moves its dates afterwards. */
async function followDisputes(tx: Tx, open: DunningCase, at: Date): Promise<DunningCase> {
  const disputing = await findDisputingPlaces(tx, [open.profile_id]);
  const is_disputed = disputing.some(({ provider_id }) => provider_id === open.provider_id);
  if (is_disputed === (open.frozen_at !== null)) return open;
  const change: CaseChange =
    open.frozen_at === null ? { frozen_at: at } : { frozen_at: null, ...thawedDates(open, open.frozen_at, at) };
  return updateCase(tx, open.id, change);
}
