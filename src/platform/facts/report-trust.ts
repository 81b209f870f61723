import type { Logger } from 'pino';

export interface FactsStatus {
  /** True if cached values are used; false: each request reads the database. */
  is_trusted: boolean;
  /** Age of the last read of the changes. */
  age_ms: number;
  entries_count: number;
  bytes: number;
}

const CHECK_MS = 1_000;
const CHECKS_PER_REPORT = 60;

/** Logs when the facts in memory become unusable and usable again, and their state once a minute at debug level. */
export function makeTrustReport(status: () => FactsStatus, log: Logger): { start(): void; close(): void } {
  let timer: NodeJS.Timeout | null = null;
  let was_trusted = true;
  let age_ms_max = 0;
  let checks_count = 0;

  function check(): void {
    const { is_trusted, age_ms, entries_count, bytes } = status();
    age_ms_max = Math.max(age_ms_max, Math.round(age_ms));
    if (is_trusted !== was_trusted) {
      was_trusted = is_trusted;
      if (is_trusted) log.info({ age_ms }, 'facts in memory are used again');
      else log.warn({ age_ms }, 'facts in memory are out of date: each request reads the database');
    }
    checks_count += 1;
    if (checks_count % CHECKS_PER_REPORT !== 0) return;
    log.debug({ age_ms_max, entries_count, bytes }, 'facts in memory');
    age_ms_max = 0;
  }

  return {
    start() {
      timer ??= setInterval(check, CHECK_MS).unref();
    },
    close() {
      if (timer) clearInterval(timer);
    },
  };
}
