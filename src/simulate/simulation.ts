import type { Db } from '#platform/db/database';
import type { BrokenRule, BusinessTotals } from './rule-store.ts';

export interface SimulationOptions {
  seed: number;
  subscribers: number;
  months: number;
  /** Processor of the business: by default the built-in one; `stripe` is the emulator. */
  processor?: SimulatedProcessor;
  /** Called after each day that is done. */
  onDay?(done: number, total: number): void;
  /** Called before the reports are compared. */
  beforeReports?(db: Db): Promise<void>;
}

export const simulated_processors = ['test', 'stripe'] as const;
export type SimulatedProcessor = (typeof simulated_processors)[number];

/** What a simulation did and found. Equal for equal options. */
export interface SimulationResult {
  seed: number;
  subscribers: number;
  months: number;
  processor: SimulatedProcessor;
  /** Requests by action and outcome: `buy: done`, `change plan: charge_pending`. */
  actions: Record<string, number>;
  faults: Record<string, number>;
  /** Operations that the site does not have, so that the actions were left out. */
  missing: string[];
  totals: BusinessTotals;
  rules_checked: number;
  checks_count: number;
  runs_count: number;
  /** Values of reports that equal a recount. */
  metrics_compared: number;
  broken: BrokenRule[];
}
