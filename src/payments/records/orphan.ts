import type { Selectable } from 'kysely';
import type { OrphanPaymentsTable } from '#platform/db/db-schema';

/** A payment that took money and that no order wants, or may want until `due_at`. */
export type Orphan = Selectable<OrphanPaymentsTable>;

/** Key of the refund of an orphan, and of the message that lists it. */
export function orphanKey({ intent_key }: Pick<Orphan, 'intent_key'>): string {
  return `orphan:${intent_key}`;
}
