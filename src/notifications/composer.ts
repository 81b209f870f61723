import type { JsonObject, ProfileId } from '#platform/db/db-schema';
import type { AnyEventType, EventType } from '#platform/jobs/events';
import type { Notice } from './notice.ts';
import { type Parties, type PartyIds, partyIdsOf, type PartyMembers } from './parties.ts';

/** Payload of an event type: `PayloadOf<typeof orderExecuted>`. */
export type PayloadOf<Type extends AnyEventType> = ReturnType<Type['parse']>;

/** Builds the notice of an event; null if the event has none or its subject was deleted. Pure. */
export type Compose<Payload> = (found: Parties, payload: Payload) => Notice | null;

/** Builds the notices of one type of event. */
export interface Composer {
  readonly event_type: AnyEventType;
  /** @throws Error when the stored payload does not fit the schema of the event; the worker then parks the event */
  read(payload: JsonObject): ReadEvent;
}

/** An event whose payload was read: the parties that it needs, and its notice once they are loaded. */
export interface ReadEvent {
  readonly parties: PartyIds;
  compose(found: Parties): Notice | null;
}

/** Joins an event type to the function that builds its notice. `others`: profiles besides those of the members. */
export function on<Payload extends PartyMembers>(
  event_type: EventType<Payload>,
  compose: Compose<Payload>,
  others: (payload: Payload) => readonly ProfileId[] = () => [],
): Composer {
  return {
    event_type,
    read(stored) {
      const payload = event_type.parse(stored);
      const parties = partyIdsOf(payload);
      return {
        parties: { ...parties, profiles: [...parties.profiles, ...others(payload)] },
        compose: (found) => compose(found, payload),
      };
    },
  };
}
