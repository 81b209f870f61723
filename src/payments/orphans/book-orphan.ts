import type { Money } from '#kernel/money';
import { accounts, findFundsEventsByKeys, moveAmount, type NewEntry, postEvent } from '#ledger';
import type { ProfileId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { findSite } from '#platform/site';
import { getProcessor } from '#profiles';
import type { DisputeEvidence, FeeReturn, Funds, MovedShare, RefundReport } from '../processors/index.ts';
import { findPayoutAccountByKey, type Orphan } from '../records/index.ts';

/** What the processor moved for an orphan. */
export interface OrphanMoves {
  funds: Funds;
  refunds: readonly RefundReport[];
  /** `moved`: what both balances show, if the processor converted the charge. */
  fee_returns: readonly (FeeReturn & { moved?: MovedShare })[];
  disputes?: readonly DisputeEvidence[];
}

interface OrphanEvent {
  key: string;
  kind: 'orphan' | 'orphan_refund' | 'orphan_refund_failed' | 'dispute' | 'dispute_reverted';
  description: string;
  /** Received by Funds of the owner of the account and of the broker; negative for what they paid. */
  owner: readonly Money[];
  broker: readonly Money[];
}

type OrphanFacts = Pick<Orphan, 'charge_key' | 'amount' | 'broker_fee_amount'>;

/**
 * Returns the events of an orphan: one for each movement at the processor, so that Funds are the balance there. What is
 * left of them is the fee that the processor kept, which the owner of the account bears. An amount that the processor
 * converted at the rate of another day is that of its movement. Pure.
 * @see docs/decisions/0126-payments-without-an-order.md, docs/decisions/0128-retries-orphans-and-returned-shares.md
 */
export function planOrphanEvents(orphan: OrphanFacts, moves: OrphanMoves): OrphanEvent[] {
  const { charge_key } = orphan;
  const { net, broker_fee = 0, unit } = moves.funds;
  return [
    {
      key: eventKey(orphan),
      kind: 'orphan',
      description: `Payment ${charge_key} that no order wants`,
      owner: [{ amount: net - broker_fee, unit }],
      broker: [{ amount: broker_fee, unit }],
    },
    ...moves.refunds.flatMap((refund) => planRefund(orphan, moves, refund)),
    ...moves.fee_returns.map((fee_return) => planFeeReturn(orphan, moves, fee_return)),
    ...(moves.disputes ?? []).flatMap((dispute) => planDispute(orphan, moves, dispute)),
  ];
}

const eventKey = ({ charge_key }: OrphanFacts) => `orphan:${charge_key}`;

/** A part of a charge in the unit of its funds, at the rate of the charge. */
function inFunds(part: number, whole: number, received: number): number {
  return part === whole || whole === 0 ? received : Math.round((received * part) / whole);
}

function planRefund(
  orphan: OrphanFacts,
  { funds: { net, fee, unit } }: OrphanMoves,
  { processor_key, amount: part, state, taken, returned }: RefundReport,
): OrphanEvent[] {
  const sum = { amount: inFunds(part, orphan.amount, net + fee), unit };
  const key = `${eventKey(orphan)}:${processor_key}`;
  const description = `Refund ${processor_key} of payment ${orphan.charge_key}`;
  const made: OrphanEvent = {
    key,
    kind: 'orphan_refund',
    description,
    owner: [negate(taken ?? sum)],
    broker: [],
  };
  const failed: OrphanEvent = {
    key: `${key}:failed`,
    kind: 'orphan_refund_failed',
    description: `${description} - reverted`,
    owner: [returned ?? sum],
    broker: [],
  };
  if (state === 'succeeded') return [made];
  if (state === 'pending') return [];
  // A processor without movements reports the end alone; the success is in the books then, or nothing is.
  return [...(taken ? [made] : []), ...(returned === null ? [] : [failed])];
}

function planFeeReturn(
  orphan: OrphanFacts,
  { funds: { broker_fee = 0, unit } }: OrphanMoves,
  { processor_key, amount: part, moved }: OrphanMoves['fee_returns'][number],
): OrphanEvent {
  const share = { amount: inFunds(part, orphan.broker_fee_amount, broker_fee), unit };
  // The account of the broker can settle in another unit: its share stays in the unit in which it was booked.
  const paid = moved?.paid.unit === unit ? moved.paid : share;
  return {
    key: `${eventKey(orphan)}:${processor_key}`,
    kind: 'orphan_refund',
    description: `Return ${processor_key} of the broker's share of payment ${orphan.charge_key}`,
    owner: [moved?.received ?? share],
    broker: [negate(paid)],
  };
}

/** The disputed amount and the fee are taken from the account of the charge; a lost dispute moves nothing more. */
function planDispute(
  orphan: OrphanFacts,
  { funds: { net, fee, unit } }: OrphanMoves,
  { key, amount, fee_amount, returned_fee_amount, exchanged }: DisputeEvidence,
): OrphanEvent[] {
  const sum = { amount: inFunds(amount, orphan.amount, net + fee), unit };
  const description = `Dispute ${key} of payment ${orphan.charge_key}`;
  const withdrawn: OrphanEvent = {
    key: `dispute:${key}`,
    kind: 'dispute',
    description,
    owner: [...(exchanged?.withdrawn ?? [sum]), { amount: fee_amount, unit }].map(negate),
    broker: [],
  };
  if (returned_fee_amount === null) return [withdrawn];
  const reverted: OrphanEvent = {
    key: `${withdrawn.key}:reverted`,
    kind: 'dispute_reverted',
    description: `${description} - reverted`,
    owner: [...(exchanged?.reinstated ?? [sum]), { amount: Math.min(fee_amount, returned_fee_amount), unit }],
    broker: [],
  };
  return [withdrawn, reverted];
}

function negate({ amount, unit }: Money): Money {
  return { amount: -amount, unit };
}

/** True if the payment is in the books. */
export async function isOrphanBooked(tx: Tx, orphan: OrphanFacts): Promise<boolean> {
  return (await findFundsEventsByKeys(tx, [eventKey(orphan)])).size > 0;
}

/**
 * Books what the processor moved for an orphan, each movement once. A failed refund is booked only if its success is.
 * Locks: the caller has locked the orphan.
 */
export async function bookOrphan(tx: Tx, orphan: Orphan, moves: OrphanMoves, at: Date): Promise<void> {
  const site = await findSite(tx);
  const provider = orphan.account === '' ? null : await findPayoutAccountByKey(tx, orphan.processor, orphan.account);
  if (!site || provider === undefined) throw new Error(`the account ${orphan.account} has no owner`);
  const owner_id = provider === null ? site.broker_id : provider.profile_id;
  const processor_id = (await getProcessor(tx)).id;
  const planned = planOrphanEvents(orphan, moves);
  const keys = planned.flatMap(({ key }) => [key, key.replace(/:failed$/, '')]);
  const booked = new Set((await findFundsEventsByKeys(tx, keys)).keys());
  for (const { key, kind, description, owner, broker } of planned) {
    const isReversal = kind === 'orphan_refund_failed';
    if (booked.has(key) || (isReversal && !booked.has(key.replace(/:failed$/, '')))) continue;
    const facts = { processor_id, description };
    const entries = [
      ...owner.flatMap((money) => entryOf({ ...facts, profile_id: owner_id }, money)),
      ...broker.flatMap((money) => entryOf({ ...facts, profile_id: site.broker_id }, money)),
    ];
    if (entries.length > 0) await postEvent(tx, { key, kind, at, entries });
    booked.add(key);
  }
}

interface EntryFacts {
  profile_id: ProfileId;
  processor_id: ProfileId;
  description: string;
}

/** An amount that Funds of a profile received from those of the processor, or paid if it is negative. */
function entryOf({ profile_id, processor_id, description }: EntryFacts, { amount, unit }: Money): NewEntry[] {
  if (amount === 0) return [];
  const [own, other] = [profile_id, processor_id].map((id) => ({ profile_id: id, account: accounts.funds }));
  if (!own || !other) return [];
  const [from, to] = amount > 0 ? [other, own] : [own, other];
  return [moveAmount({ from, to, amount: Math.abs(amount), unit, subject: null, description })];
}
