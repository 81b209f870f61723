import type { RawBuilder } from 'kysely';
import type { Config } from '../../config.ts';
import type { Tollgate } from '../../app.ts';
import type { Reply } from '../site.ts';

/** A payout as the bank sees it. */
export interface OutsidePayout {
  key: string;
  state: 'pending' | 'paid' | 'failed';
}

/**
 * What the processor has, as sources of a query `from … as name`, for rules that compare both sides.
 * Units: amounts in 1/100.
 */
export interface ProcessorRows {
  /** key, idempotency_key, amount, outcome. */
  charges: RawBuilder<unknown>;
  /** charge_key, amount, state. */
  refunds: RawBuilder<unknown>;
  /** key, amount, state. */
  payouts: RawBuilder<unknown>;
}

/** A payment processor of a simulated business, and what payers, issuers and banks do there. */
export interface OutsideWorld {
  /** Settings with which the site uses the processor. */
  readonly config: Partial<Config>;
  /** Tokens of cards: good ones, one that is declined, and one whose payment is decided later. */
  readonly tokens: Readonly<Record<'good' | 'other' | 'declined' | 'slow', string>>;
  /** Connects to the site, before its first request. */
  connect(tollgate: Tollgate): void;
  /** Decides a charge as the payer, the bank or the issuer would. */
  decideCharge(processor_key: string, state: 'disputed' | 'won' | 'lost' | 'done' | 'failed'): Promise<Reply>;
  /** Returns the payouts, oldest first. */
  listPayouts(): Promise<OutsidePayout[]>;
  decidePayout(key: string, state: 'paid' | 'failed'): Promise<Reply>;
  rows(): ProcessorRows;
  /** Delivers the messages that are due. */
  deliver(): Promise<void>;
  /** Ends the faults of the connection. */
  endFaults(): void;
  /** Returns the rules of the processor itself that are broken. */
  violations(): readonly string[];
  stop(): Promise<void>;
}
