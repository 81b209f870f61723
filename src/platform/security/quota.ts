import { defineProblems } from '#kernel/problem';

/** Maximum number of rows of a kind. */
export interface Quota {
  /** Plural noun of the rows, for the message and docs/reference/limits.md. */
  readonly rows: string;
  readonly rows_max: number;
  /** Noun of the owner of one quota: profile, account. */
  readonly owner: string;
}

export const quotaProblems = defineProblems({
  quota_exceeded: { status: 409, title: 'The maximum number is reached.' },
});

/**
 * Refuses a further row when the quota is reached. Concurrent requests can exceed the quota by their number.
 *
 * @throws quota_exceeded (409)
 */
export function requireQuota({ rows, rows_max, owner }: Quota, rows_count: number): void {
  if (rows_count < rows_max) return;
  throw quotaProblems.quota_exceeded({
    detail: `There are ${rows_max} ${rows} already, the most that one ${owner} can have.`,
  });
}
