import type { ListQuery, Page } from '#kernel/page';
import { mergeReads } from '#platform/db/merge-reads';
import type { Reader } from '#platform/db/database';
import { findProfileSummaries, presentProfileSummary } from '#profiles';
import { findMovementLines, listMovements, type MovementPoint } from './movement-list-store.ts';

/** Reads the movements behind a point with their subscribers and order lines, newest first. */
export async function readMovements(reader: Reader, point: MovementPoint, list: ListQuery, url: URL) {
  const { page, amount } = await listMovements(reader, point, list, url);
  const [summaries, lines] = await mergeReads(reader, [
    (together) =>
      findProfileSummaries(
        together,
        page.results.map(({ profile_id }) => profile_id),
      ),
    (together) =>
      findMovementLines(
        together,
        page.results.flatMap(({ order_line_ids }) => order_line_ids),
      ),
  ]);
  const results = page.results.flatMap(({ profile_id, at, order_line_ids, ...movement }) => {
    const summary = summaries.get(profile_id);
    if (!summary) return [];
    return {
      profile: presentProfileSummary(summary),
      at: new Date(at).toISOString(),
      kind: movement.kind,
      cause: movement.cause,
      amount: movement.amount,
      after_amount: movement.after_amount,
      lines: order_line_ids.flatMap((id) => {
        const line = lines.get(id);
        return line
          ? {
              description: line.description,
              plan: line.plan,
              created_at: new Date(line.created_at).toISOString(),
              recurring_amount: line.recurring_amount,
              recurring_periods: line.recurring_periods,
              period_type: line.period_type,
            }
          : [];
      }),
    };
  });
  const found: Omit<Page<unknown>, 'results'> = { count: page.count, next: page.next, previous: page.previous };
  return { ...found, counted_amount: amount, results };
}
