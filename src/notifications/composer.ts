import type { Context } from '#platform/context';
import type { JsonObject } from '#platform/db/db-schema';
import type { AnyEventType, EventType } from '#platform/jobs/events';
import type { Notice } from './notice.ts';

/** Payload of an event type: `PayloadOf<typeof orderExecuted>`. */
export type PayloadOf<Type extends AnyEventType> = ReturnType<Type['parse']>;

/** Builds the notice of an event; null if the event has none or its subject was deleted. */
export type Compose<Payload> = (ctx: Context, payload: Payload) => Promise<Notice | null>;

/** Builds the notices of one type of event. */
export interface Composer {
  readonly event_type: AnyEventType;
  /** @throws Error when the stored payload does not fit the schema of the event; the relay then parks the event */
  compose(ctx: Context, payload: JsonObject): Promise<Notice | null>;
}

/** Joins an event type to the function that builds its notice. */
export function on<Payload extends object>(event_type: EventType<Payload>, compose: Compose<Payload>): Composer {
  return { event_type, compose: (ctx, payload) => compose(ctx, event_type.parse(payload)) };
}
