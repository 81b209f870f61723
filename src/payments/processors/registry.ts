import type { Clock } from '#platform/clock';
import type { Context } from '#platform/context';
import type { NewEntry } from '#ledger';
import type { LedgerEntryId, LedgerEventId, ProfileId, RefundId } from '#platform/db/db-schema';
import type { Db, Tx } from '#platform/db/database';
import type { Processor } from './processor.ts';
import { STRIPE } from './stripe/stripe-needs.ts';
import { makeTestProcessor, TEST_PROCESSOR } from './test/test-processor.ts';

interface Needs {
  db: Db;
  clock: Clock;
  /** Of `loadStripe`; null or absent: the site has no keys of Stripe. */
  stripe?: Processor | null;
}

interface Entry {
  /** False for a processor that accepts made-up cards. */
  moves_money: boolean;
  /** Returns null if the settings of the processor are absent. */
  make(needs: Needs): Processor | null;
}

const registry: ReadonlyMap<string, Entry> = new Map([
  [TEST_PROCESSOR, { moves_money: false, make: ({ db, clock }) => makeTestProcessor(db, clock) }],
  [
    STRIPE,
    {
      moves_money: true,
      make: ({ stripe = null }) => stripe,
    },
  ],
]);

/** Names that the setting PROCESSOR accepts. */
export const processorNames: readonly string[] = [...registry.keys()];

/** Processor of a site that does not choose one. */
export const DEFAULT_PROCESSOR = TEST_PROCESSOR;

/** A line of a refund that is booked. Units: 1/100 of `unit`, the unit of the charge. */
export interface RefundedLine {
  invoiced_entry_id: LedgerEntryId;
  provider_id: ProfileId;
  unit: string;
  description: string;
  /** Returned as credit. */
  credit_amount: number;
}

/** What a refund does to credit. */
export interface RefundedCredit {
  /** Entries of the event of the refund. */
  entries: readonly NewEntry[];
  /** For each returned amount the order that credit paid, the number of the new lot, and its entry in `entries`. */
  lots: readonly { invoiced_entry_id: LedgerEntryId; lot: number; amount: number; index: number }[];
  /** Saves the lots, or the payout. */
  save(tx: Tx, ledger_event_id: LedgerEventId): Promise<void>;
}

/**
 * Credit as a means of payment beside the processors. Implemented by the room of orders, which keeps the lots.
 * @see docs/decisions/0083-credit-of-subscribers.md
 */
export interface CreditReturn {
  /** Returns what credit paid of the lines, or books the payout of credit that the refund makes. */
  book(
    tx: Tx,
    refund: { id: RefundId; is_payout: boolean },
    lines: readonly RefundedLine[],
    at: Date,
  ): Promise<RefundedCredit>;
  /** Returns the credit that a payout held; the processor refused its refund. */
  release(tx: Tx, refund_id: RefundId): Promise<void>;
}

/** The processors of this site. */
export interface Processors {
  /** Makes new charges and keeps new cards. */
  readonly chosen: Processor;
  /** Returns the processor that made a stored charge, attempt or card. */
  getByName(name: string): Processor;
  /** All that the settings of the site name keys of. */
  readonly all: readonly Processor[];
  readonly credit: CreditReturn;
}

/** Context of a verb that calls a payment processor. */
export interface PaymentContext extends Context {
  processors: Processors;
  /** Path to which the bank sends the browser after a confirmation; by default the page that finishes a payment. */
  return_path?: string;
  /** True if the caller is not the payer and cannot confirm a payment: the provider, for example. Jobs never can. */
  is_payer_absent?: boolean;
  /** True if the caller may not be the payer, and must not see who pays on a page of the processor. */
  is_payer_hidden?: boolean;
}

/**
 * Builds the processors of a site: the chosen one, and those that stored charges and cards name.
 * @throws Error that lists the known names, if `chosen_name` is none of them
 */
export function makeProcessors(
  chosen_name: string,
  { credit, ...needs }: Needs & { credit: CreditReturn },
): Processors {
  const built = new Map([...registry].map(([name, { make }]) => [name, make(needs)]));
  const getByName = (name: string): Processor => {
    const processor = built.get(name);
    if (processor) return processor;
    if (processor === null) throw new Error(`the payment processor ${name} has no keys in the settings`);
    throw new Error(`no payment processor is called ${name}; known: ${processorNames.join(', ')}`);
  };
  const all = [...built.values()].flatMap((each) => each ?? []);
  return { chosen: getByName(chosen_name), getByName, all, credit };
}

/** True if the processor takes real money. */
export function movesMoney(name: string): boolean {
  return registry.get(name)?.moves_money === true;
}
