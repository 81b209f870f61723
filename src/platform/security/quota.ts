import { defineProblems } from '#kernel/problem';

/** How many rows of a kind may exist. */
export interface Quota {
  /** Plural noun of the rows, for the message and docs/reference/limits.md. */
  readonly rows: string;
  readonly rows_max: number;
  /** What has a quota of its own: a profile, an account. */
  readonly owner: string;
}

export const quotaProblems = defineProblems({
  quota_exceeded: { status: 409, title: 'There are as many as allowed already.' },
});

/**
 * Refuses one more row when `rows_count` exist already. Requests at the same moment can exceed the quota by their number.
 *
 * @throws quota_exceeded (409)
 */
export function requireQuota({ rows, rows_max, owner }: Quota, rows_count: number): void {
  if (rows_count < rows_max) return;
  throw quotaProblems.quota_exceeded({
    detail: `There are ${rows_max} ${rows} already, the most that one ${owner} can have.`,
  });
}
