import { findEntries } from '#ledger';
import { findAttempt, findSavedCard, reservedAt } from '#payments';
import type { ChargeAttemptId, ProfileId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { eventsPart, type Event } from '#platform/jobs/events';
import { defineJob, enqueue } from '#platform/jobs/jobs';
import { runTogether } from '#platform/db/together';
import { findProfileById } from '#profiles';
import { buildLineFacts, describeLine } from '../quotes/index.ts';
import { collectLines, keepFinishLink } from '../records/index.ts';
import { paymentActionRequired, processorUnreached, renewalChargeFailed } from '../renewal-events.ts';
import {
  type ChargeTrigger,
  type DunningCase,
  type DunningMove,
  type Failure,
  graceEnd,
  moveAfterFailure,
  nextReach,
  takesFinishLink,
} from './dunning-case.ts';
import type { DunningContext } from './dunning-context.ts';
import {
  closeRenewalCharges,
  type DuePlace,
  findLastCase,
  findOwnTerms,
  findRenewalCharges,
  insertAttempt,
  insertCase,
  lockOpenCase,
  updateCase,
} from './dunning-store.ts';
import { dunningTerms } from './dunning-terms.ts';
import { type Due, dueAt, loadDues } from './load-dues.ts';

/** Charges in a row that did not reach the processor, as many as the schedule of calls has, and one more. */
const UNREACHED_MAX = 5;

/** Names the job for `enqueue`, which needs no processors. The runner gets `chargeNewCardJob`. */
export const newCardJob = defineJob<{ profile_id: ProfileId }>({
  name: 'charge_new_card',
  catch_up: 'each',
  run: () => Promise.reject(new Error('charge_new_card runs with the processors of the site')),
});

/**
 * True if the place has a charge that was reserved after the newest card was put on file, or if there is no card. Both
 * instants are by the clock: a charge whose rows have an earlier instant counts too.
 */
export async function hasTriedCard(reader: Reader, place: DuePlace): Promise<boolean> {
  const card = await findSavedCard(reader, place.profile_id);
  const [newest] = await findRenewalCharges(reader, place, 1);
  const attempt = newest && (await findAttempt(reader, newest.charge_attempt_id));
  return !card || (attempt !== undefined && reservedAt(attempt) >= card.updated_at);
}

/**
 * Notes the outcome of an automatic charge that failed: opens the dunning case of the place on day 0, or moves it. A
 * charge that did not reach the processor opens no case. A job charges a card that was put on file since the charge
 * was reserved. No effect if the outcome was noted before.
 *
 * The caller has locked the payer's profile. Locks: the open case.
 */
export async function noteFailure(
  ctx: DunningContext,
  tx: Tx,
  { charge_attempt_id, profile_id, provider_id, unit }: DuePlace & { charge_attempt_id: ChargeAttemptId },
  failure: Failure,
): Promise<void> {
  const place = { profile_id, provider_id, unit };
  const outcome = { kind: failure.kind, code: failure.code };
  const [noted] = await closeRenewalCharges(tx, [charge_attempt_id], outcome, ctx.clock.now());
  if (noted === undefined) return;
  const charges = await findRenewalCharges(tx, place, UNREACHED_MAX);
  const charge = charges.find((each) => each.charge_attempt_id === charge_attempt_id);
  if (!charge) return;
  const at = charge.created_at;
  const open = await lockOpenCase(tx, place);
  const reached = charges.findIndex(({ kind }) => kind !== 'processor');
  const unreached = reached === -1 ? charges : charges.slice(0, reached);
  if (!open && failure.kind === 'processor') {
    if (nextReach(at, unreached.length) === null) await emitAll(tx, [processorUnreached(place)], at);
    return;
  }
  const first_unreached_at = unreached.at(-1)?.created_at ?? at;
  const { amount, trigger } = charge;
  const about = { trigger, charge_attempt_id, amount, failure: { ...failure, at }, first_unreached_at };
  await applyFailure(ctx, tx, place, open, about);
  // The card was replaced during the call, when there was no case to charge it for.
  if (failure.kind !== 'processor' && !(await hasTriedCard(tx, place))) await enqueue(tx, newCardJob, { profile_id });
}

/**
 * Notes that a due cannot be charged because no card is on file, once per case unless the payer asked for the charge.
 *
 * The caller has locked the payer's profile. Locks: the open case.
 */
export async function noteAbsentCard(
  ctx: DunningContext,
  tx: Tx,
  due: Due,
  { trigger, at }: { trigger: ChargeTrigger; at: Date },
): Promise<void> {
  const { profile_id, provider_id, unit, amount } = due;
  const place = { profile_id, provider_id, unit };
  const open = await lockOpenCase(tx, place);
  if (open && trigger !== 'schedule') return;
  const failure = { kind: 'card' as const, code: 'payment_method_absent', at };
  await applyFailure(ctx, tx, place, open, {
    trigger,
    charge_attempt_id: null,
    amount,
    failure,
    first_unreached_at: at,
  });
}

interface FailedAttempt {
  trigger: ChargeTrigger;
  charge_attempt_id: ChargeAttemptId | null;
  amount: number;
  failure: Failure;
  first_unreached_at: Date;
}

async function applyFailure(
  ctx: DunningContext,
  tx: Tx,
  place: DuePlace,
  open: DunningCase | undefined,
  { failure, first_unreached_at, ...attempt }: FailedAttempt,
): Promise<void> {
  const known = open ?? (await findInterrupted(tx, place, failure.at));
  const began_at = known?.began_at ?? failure.at;
  const terms = known?.terms ?? dunningTerms(ctx.dunning, await findOwnTerms(tx, place.provider_id));
  const move = moveAfterFailure(known ?? null, { terms, began_at }, failure, first_unreached_at);
  const { is_final: _, is_unreached, state, ...counts } = move;
  // A suspended case stays suspended until it is paid or ends.
  const moved = { ...counts, state: open?.state === 'suspended' ? open.state : state };
  const saved = known
    ? await updateCase(tx, known.id, open ? moved : { ...moved, closed_at: null })
    : await insertCase(tx, { ...place, ...moved, terms, began_at, ends_at: graceEnd(terms, began_at) });
  const { kind, code, at } = failure;
  const is_counted = kind !== 'processor';
  const rank = await insertAttempt(tx, {
    ...attempt,
    dunning_case_id: saved.id,
    kind,
    code,
    is_counted,
    created_at: at,
  });
  const events: Event[] = is_unreached ? [processorUnreached(place)] : [];
  if (is_counted) events.push(await failureEvent(tx, saved, { rank, amount: attempt.amount, failure, move }));
  if (events.length > 0) await emitAll(tx, events, at);
}

/**
 * Finds the closed case of a place that a further failure opens again, so that its grace goes on from the first
 * failure: a cancellation closed it, the subscription renews again, and what was due then is due still.
 */
async function findInterrupted(tx: Tx, place: DuePlace, at: Date): Promise<DunningCase | undefined> {
  const last = await findLastCase(tx, place);
  if (last?.state !== 'closed' || last.closed_at === null) return undefined;
  const { closed_at } = last;
  const lines = collectLines((await findDue(tx, place, at))?.invoicables ?? []);
  const entries = await findEntries(
    tx,
    lines.flatMap(({ entry_id }) => entry_id ?? []),
  );
  return [...entries.values()].some(({ created_at }) => created_at <= closed_at) ? last : undefined;
}

async function findDue(tx: Tx, place: DuePlace, at: Date): Promise<Due | undefined> {
  const payer = await findProfileById(tx, place.profile_id);
  return payer && dueAt(await loadDues(tx, payer, at, { renewing_only: true }), place);
}

async function emitAll(tx: Tx, events: readonly Event[], at: Date): Promise<void> {
  await runTogether(tx, { events: eventsPart(events.map((event) => ({ event, at }))) });
}

async function failureEvent(
  tx: Tx,
  saved: DunningCase,
  { rank, amount, failure, move }: { rank: number; amount: number; failure: Failure; move: DunningMove },
): Promise<Event> {
  const { id, profile_id, provider_id, unit, terms } = saved;
  const payload = {
    dunning_case_id: id,
    attempt: rank,
    profile_id,
    provider_id,
    amount,
    unit,
    kind: failure.kind,
    decline_code: failure.code,
    lines: await linesOf(tx, saved, failure.at),
    next_attempt_at: saved.next_attempt_at?.toISOString() ?? null,
    ends_at: saved.ends_at?.toISOString() ?? null,
    end: terms.end,
  };
  if (failure.kind === 'action') {
    // The link works until the end of the grace: after it, the payer signs in.
    const link = takesFinishLink(saved, failure.at) ? { key: await keepFinishLink(tx, id, failure.at) } : {};
    return paymentActionRequired({ ...payload, ...link, final_notice: move.is_final });
  }
  return renewalChargeFailed({ ...payload, final_notice: move.is_final });
}

async function linesOf(tx: Tx, place: DuePlace, at: Date): Promise<{ description: string; amount: number }[]> {
  const due = await findDue(tx, place, at);
  return (due?.invoicables ?? []).flatMap((each) =>
    each.lines.map((line) => ({ description: describeLine(buildLineFacts(line, each)), amount: line.amount })),
  );
}
