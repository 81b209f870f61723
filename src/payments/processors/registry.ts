import type { Clock } from '#platform/clock';
import type { Context } from '#platform/context';
import type { Db } from '#platform/db/database';
import type { Processor } from './processor.ts';
import { makeTestProcessor, TEST_PROCESSOR } from './test/test-processor.ts';

interface Needs {
  db: Db;
  clock: Clock;
}

interface Entry {
  /** False for a processor that accepts made-up cards. */
  moves_money: boolean;
  make(needs: Needs): Processor;
}

const registry: ReadonlyMap<string, Entry> = new Map([
  [TEST_PROCESSOR, { moves_money: false, make: ({ db, clock }) => makeTestProcessor(db, clock) }],
]);

/** Names that the setting PROCESSOR accepts. */
export const processorNames: readonly string[] = [...registry.keys()];

/** Processor of a site that does not choose one. */
export const DEFAULT_PROCESSOR = TEST_PROCESSOR;

/** The processors of this site. */
export interface Processors {
  /** Makes new charges and keeps new cards. */
  readonly chosen: Processor;
  /** Returns the processor that made a stored charge, attempt or card. */
  getByName(name: string): Processor;
}

/** Context of a verb that calls a payment processor. */
export interface PaymentContext extends Context {
  processors: Processors;
}

/**
 * Builds the processors of a site: the chosen one, and those that stored charges and cards name.
 * @throws Error that lists the known names, if `chosen_name` is none of them
 */
export function makeProcessors(chosen_name: string, needs: Needs): Processors {
  const built = new Map([...registry].map(([name, { make }]) => [name, make(needs)]));
  const getByName = (name: string): Processor => {
    const processor = built.get(name);
    if (processor) return processor;
    throw new Error(`no payment processor is called ${name}; known: ${processorNames.join(', ')}`);
  };
  return { chosen: getByName(chosen_name), getByName };
}

/** True if the processor takes real money. */
export function movesMoney(name: string): boolean {
  return registry.get(name)?.moves_money === true;
}
