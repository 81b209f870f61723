import type { ProfileId } from '#platform/db/db-schema';
import type { Subject } from '#platform/http/guards/access';
import { isBrokerManager } from '#profiles';

/** True if the caller may refund lines of these providers: a manager of the broker, or of every one of them. */
export function mayRefundLines(
  subject: Subject,
  provider_ids: ReadonlySet<ProfileId>,
  managed_ids: ReadonlySet<ProfileId>,
): boolean {
  return isBrokerManager(subject) || [...provider_ids].every((id) => managed_ids.has(id));
}
