/** Rules of a processor for its fee and for a negative balance after a refund or a dispute. */
export interface ProcessorTerms {
  /** True if a refund or a dispute returns the processor's own fee; otherwise the provider bears it. */
  readonly returns_fee: boolean;
  /** True if a refund may take the provider's funds below zero; otherwise it is refused. */
  readonly may_overdraw: boolean;
  /** False if the broker keeps its share of what is refunded; true when absent. */
  readonly returns_broker_fee?: boolean;
}

/** Capabilities of a processor: constants, so reading them makes no call. */
export interface ProcessorCapabilities extends ProcessorTerms {
  /** Stored with every attempt, charge and card. */
  readonly name: string;
  /** True if a charge can be made on a provider's own account. */
  readonly direct_charges: boolean;
  /** True if cards can be kept on file. */
  readonly saved_cards: boolean;
  /** True if the processor pays providers out. */
  readonly payouts: boolean;
  /** Currencies that it charges, as lower-case ISO 4217 codes; null for any. */
  readonly units: ReadonlySet<string> | null;
  /** Least amount that it charges in a currency. Units: 1/100 of `unit`. */
  minimum(unit: string): number;
  /** Greatest amount that it charges in a currency, inclusive. Units: 1/100 of `unit`. */
  maximum(unit: string): number;
}
