export interface Visit {
  readonly last_visited: string | null;
  readonly first_time_tags: readonly string[];
}

export const noVisit: Visit = { last_visited: null, first_time_tags: [] };

/** Instant of the last visit of a user by tag. */
export type Visits = ReadonlyMap<string, Date>;

/** Minimum interval between two writes of one visit; a reported last visit may be stale by this much. */
export const visit_resolution_ms = 3_600_000;

/**
 * Returns the facts about earlier visits for the session: the latest visit under any of the tags, and the new tags.
 * `last_visited` is null if there is no earlier visit.
 */
export function describeVisit(tags: readonly string[], visits: Visits): Visit {
  const earlier = tags.flatMap((tag) => visits.get(tag) ?? []);
  const latest_ms = Math.max(...earlier.map((date) => date.getTime()));
  return {
    last_visited: earlier.length === 0 ? null : new Date(latest_ms).toISOString(),
    first_time_tags: tags.filter((tag) => !visits.has(tag)),
  };
}

/** Returns the tags whose visit at `at` must be recorded. */
export function findDueTags(tags: readonly string[], visits: Visits, at: Date): string[] {
  return tags.filter((tag) => {
    const seen = visits.get(tag);
    return seen === undefined || at.getTime() - seen.getTime() >= visit_resolution_ms;
  });
}
