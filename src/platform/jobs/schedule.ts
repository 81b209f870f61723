import { CronExpressionParser } from 'cron-parser';

/** Returns the first occurrence after an instant (exclusive), in UTC. */
export function nextOccurrence(schedule: string, after: Date): Date {
  return CronExpressionParser.parse(schedule, { currentDate: after, tz: 'UTC' }).next().toDate();
}

/** Returns the last occurrence up to an instant (inclusive), in UTC. */
export function lastOccurrence(schedule: string, until: Date): Date {
  const just_after = new Date(until.getTime() + 1);
  return CronExpressionParser.parse(schedule, { currentDate: just_after, tz: 'UTC' }).prev().toDate();
}
