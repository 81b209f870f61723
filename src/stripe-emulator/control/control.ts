import { invalidRequest, type EmulatorSettings, type StoredObject } from '../engine/index.ts';
import type { FaultRule } from '../faults/index.ts';
import type { Emulator, LoggedRequest } from '../server/index.ts';
import type { Attempt, Dispatcher } from '../webhooks/index.ts';
import { findViolations } from './invariants.ts';

/** What a test in the same process does with an emulator; the HTTP control API does the same. */
export interface Control {
  now(): Date;
  /** Moves the clock and does everything that became due, in order, deliveries included. */
  advance(seconds: number): Promise<void>;
  /** Resolves after every delivery that is due. */
  flush(): Promise<void>;
  addFault(rule: FaultRule): void;
  clearFaults(): void;
  change(settings: Partial<Omit<EmulatorSettings, 'base_url'>>): void;
  requests(): readonly LoggedRequest[];
  deliveries(): readonly Attempt[];
  /** Returns a stored object of any account, hidden facts included. */
  object(id: string): StoredObject | undefined;
  /** Returns the stored objects of a kind, of every account, in the order of creation in each. */
  objects(kind: string): StoredObject[];
  /** Returns the broken rules of the state; empty when all hold. */
  invariants(): string[];
  /** Empties the state; keys and webhooks of the start stay. */
  reset(seed?: string): void;
}

/** Returns the functions of `Control` for an emulator. */
export function controlOf(emulator: Emulator, dispatcher: Dispatcher, setUp: () => void): Control {
  return {
    now: () => new Date(emulator.clock_ms),
    advance: (seconds) => advanceTo(emulator, dispatcher, emulator.clock_ms + seconds * 1000),
    async flush() {
      emulator.tick();
      while ((dispatcher.nextAt() ?? Number.POSITIVE_INFINITY) <= emulator.clock_ms) await dispatcher.pump();
      await dispatcher.pump();
    },
    addFault: (rule) => emulator.faults.add(rule),
    clearFaults: () => emulator.faults.clear(),
    change: (settings) => Object.assign(emulator.settings, settings),
    requests: () => emulator.requests,
    deliveries: () => dispatcher.attempts,
    object: (id) => emulator.world.row(id)?.value,
    objects: (kind) => emulator.world.scopes().flatMap((scope) => emulator.world.all(scope, kind)),
    invariants: () => findViolations(emulator),
    reset(seed) {
      if (seed !== undefined) emulator.world.seed = seed;
      emulator.world.clear();
      emulator.requests.length = 0;
      dispatcher.attempts.length = 0;
      emulator.faults.clear();
      setUp();
    },
  };
}

/** Moves to an instant: planned work and deliveries that fall due are done one after the other in their order. */
export async function advanceTo(emulator: Emulator, dispatcher: Dispatcher, until_ms: number): Promise<void> {
  if (!(until_ms >= emulator.clock_ms)) throw invalidRequest(undefined, 'The clock only moves forward.', 'now');
  for (;;) {
    const task_ms = Number(emulator.world.nextDue()?.['at_ms'] ?? Number.POSITIVE_INFINITY);
    const delivery_ms = dispatcher.nextAt() ?? Number.POSITIVE_INFINITY;
    const next_ms = Math.min(task_ms, delivery_ms);
    if (next_ms > until_ms) break;
    stepTo(emulator, next_ms);
    if (task_ms <= delivery_ms) emulator.runNext(next_ms);
    else await dispatcher.pump();
  }
  stepTo(emulator, until_ms);
}

function stepTo(emulator: Emulator, at_ms: number): void {
  if (at_ms <= emulator.clock_ms) return;
  emulator.moveAhead(at_ms - emulator.clock_ms);
  emulator.world.time_ms = Math.max(emulator.world.time_ms, at_ms);
}
