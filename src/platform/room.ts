import type { App } from './http/app.ts';
import type { AnyPageType } from './http/page-type.ts';
import type { ReadGauges, ReadHistograms } from './http/replies/metrics.ts';
import type { AnyEventType, Subscriber } from './jobs/events.ts';
import type { AnyJob } from './jobs/jobs.ts';
import type { NavCounter } from './pages/navigation.ts';
import type { AnyUndoType } from './pages/undo/undo-type.ts';

/** A room as app.ts wires it: everything that it contributes to the process. */
export interface Room {
  /** Name of the folder in src/. */
  readonly name: string;
  /** Registers the API. */
  routes?(http: App): void;
  /** Registers the HTML pages. */
  pages?(http: App): void;
  readonly page_types?: readonly AnyPageType[];
  /** Counts of what waits for the reader, shown in the menus. */
  /** Changes of the room that can be undone. */
  readonly undo_types?: readonly AnyUndoType[];
  readonly nav_counters?: readonly NavCounter[];
  readonly jobs?: readonly AnyJob[];
  /** Values that `/metrics` reports. */
  readonly gauges?: readonly ReadGauges[];
  /** Durations that `/metrics` reports. */
  readonly histograms?: readonly ReadHistograms[];
  /** Every event that the room emits. */
  readonly events?: readonly AnyEventType[];
  readonly subscribers?: readonly Subscriber[];
}

/**
 * Checks the declarations of all rooms together when the process starts.
 *
 * @throws Error that names every event that is defined twice, every subscription to an event that no room defines, and
 *   every page without a template
 */
export function checkRooms(rooms: readonly Room[], hasTemplate: (name: string) => boolean): void {
  const faults: string[] = [];
  const events = new Set<string>();
  const undo_kinds = new Set<string>();
  for (const room of rooms) {
    for (const { event_name } of room.events ?? []) {
      if (events.has(event_name)) faults.push(`${room.name} defines the event ${event_name}, which exists already`);
      events.add(event_name);
    }
    for (const { kind } of room.undo_types ?? []) {
      if (undo_kinds.has(kind)) faults.push(`${room.name} defines the undo of ${kind}, which exists already`);
      undo_kinds.add(kind);
    }
    for (const { template } of room.page_types ?? []) {
      if (!hasTemplate(template)) faults.push(`${room.name} shows the page ${template}, which the theme does not have`);
    }
  }
  for (const room of rooms) {
    for (const { event_name } of (room.subscribers ?? []).flatMap(({ event_types = [] }) => event_types)) {
      if (!events.has(event_name))
        faults.push(`${room.name} subscribes to the event ${event_name}, which no room defines`);
    }
  }
  if (faults.length > 0) throw new Error(`cannot start:\n${faults.join('\n')}`);
}
