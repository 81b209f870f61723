export interface Visit {
  readonly last_visited: string | null;
  readonly first_time_tags: readonly string[];
}

export const noVisit: Visit = { last_visited: null, first_time_tags: [] };

/** When a user was last seen under each tag. */
export type Visits = ReadonlyMap<string, Date>;

/** A visit is written down again only after this time: what is told is then at most this much too early. */
export const visit_resolution_ms = 3_600_000;

/**
 * Says what to tell the upstream about earlier visits: the latest of them under any of the tags, and the tags that are new.
 * `last_visited` is null when there is no earlier visit.
 */
export function visitOf(tags: readonly string[], visits: Visits): Visit {
  const known = tags.flatMap((tag) => visits.get(tag) ?? []);
  const latest_ms = Math.max(...known.map((date) => date.getTime()));
  return {
    last_visited: known.length === 0 ? null : new Date(latest_ms).toISOString(),
    first_time_tags: tags.filter((tag) => !visits.has(tag)),
  };
}

/** Names the tags whose visit is to be written down at `at`. */
export function tagsDue(tags: readonly string[], visits: Visits, at: Date): string[] {
  return tags.filter((tag) => {
    const seen = visits.get(tag);
    return seen === undefined || at.getTime() - seen.getTime() >= visit_resolution_ms;
  });
}
