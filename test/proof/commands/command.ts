import type { TestResponse } from '../../support/client.ts';
import type { Charge, Link, Model } from '../model/model.ts';
import type { AdjustmentFact, ChargeFact, Site } from '../site.ts';

/** Response that the site must give to a command. */
export interface Expected {
  status: number;
  code?: string;
  /** Charge that the response names. */
  charge?: Charge;
  /** Payment link whose code the response names. */
  link?: Link;
}

/** What the commands choose from: charges of the buyers, oldest first. */
export interface Facts {
  charges: readonly ChargeFact[];
  adjustments: readonly AdjustmentFact[];
  /** Codes of payment links. */
  links: readonly string[];
}

/**
 * One command. `expect` changes the model and returns the response to expect; null if the command cannot be given in
 * this state. `send` gives the command to the site.
 *
 * A command chooses its objects by their place in `Facts`, so that it can also be sent without a model.
 */
export interface Command {
  text: string;
  /** Buyers whose statement and subscriptions are compared afterwards. */
  payers: readonly string[];
  expect(model: Model, facts: Facts): Expected | null;
  send(site: Site, facts: Facts): Promise<Pick<TestResponse, 'status' | 'text'>>;
}

/** Returns an element by a drawn number; undefined for an empty list. */
export function pick<T>(list: readonly T[], drawn: number): T | undefined {
  return list[drawn % Math.max(list.length, 1)];
}
