import { LRUCache } from 'lru-cache';
import { Type } from 'typebox';
import type { Clock } from '#platform/clock';
import type { App } from '#platform/http/app';
import { paths } from '#platform/http/paths';
import type { Gauge } from '#platform/http/replies/metrics';
import { networkOf, throttleProblems } from '#platform/security/throttle';
import { readPolicyReports } from './policy-report.ts';

/** Longest request of a browser with reports. */
const BODY_BYTES_MAX = 16_384;

/** Requests of a minute, for one network and for this process: more are refused and read nothing. */
const NETWORK_MAX = 20;
const ALL_MAX = 200;
const WINDOW_MS = 60_000;

/** Networks that are counted, and violations that are known: the oldest is forgotten above it. */
const KEPT_MAX = 1000;

/** Time between two log lines about one violation. */
const LOG_MS = 3_600_000;

/** Reports of browsers about the pages of payments, counted since the start of this process. */
export interface PolicyReports {
  /** True if a request of a network is within its limit and that of all. */
  admits(ip: string): boolean;
  /** Counts a violation; true if it is to be logged. */
  note(violation: object): boolean;
  gauges(): Gauge[];
}

/** Keeps counts only, in memory that does not grow with the reports. */
export function makePolicyReports({ now }: Clock): PolicyReports {
  const networks = new LRUCache<string, { count: number }>({ max: KEPT_MAX });
  const logged = new LRUCache<string, number>({ max: KEPT_MAX });
  let [all_count, begun_ms, violations_count] = [0, 0, 0];
  return {
    admits(ip) {
      const now_ms = now().getTime();
      if (now_ms - begun_ms >= WINDOW_MS || now_ms < begun_ms) {
        [all_count, begun_ms] = [0, now_ms];
        networks.clear();
      }
      const network = networkOf(ip);
      const counted = networks.get(network) ?? { count: 0 };
      networks.set(network, counted);
      if (counted.count >= NETWORK_MAX || all_count >= ALL_MAX) return false;
      counted.count += 1;
      all_count += 1;
      return true;
    },
    note(violation) {
      violations_count += 1;
      const key = JSON.stringify(violation);
      const now_ms = now().getTime();
      const before_ms = logged.get(key);
      if (before_ms !== undefined && now_ms - before_ms < LOG_MS) return false;
      logged.set(key, now_ms);
      return true;
    },
    gauges: () => [
      {
        name: 'tollgate_policy_violations',
        help: 'Content that browsers reported as blocked on pages of payments, since the start of this process.',
        value: violations_count,
      },
    ],
  };
}

/**
 * Takes the reports of browsers about content that the policy of a payment page blocked (PCI DSS 11.6.1). Reads neither
 * a cookie nor the caller, stores nothing, and responds alike to any content: a report proves nothing.
 */
export function policyReportRoutes(app: App, reports: PolicyReports): void {
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_BYTES_MAX }, (_request, body, done) =>
      done(null, body),
    );
    scope.post(
      paths.policyReports(),
      {
        bodyLimit: BODY_BYTES_MAX,
        config: { access: { kind: 'public' }, bare: true, problems: [throttleProblems.too_many_requests] },
        // Only browsers call it: the header of the pages names it.
        schema: { hide: true, response: { 204: Type.Null() } },
        onRequest: async ({ ip }) => {
          if (!reports.admits(ip)) throw throttleProblems.too_many_requests({ retry_after_s: WINDOW_MS / 1000 });
        },
      },
      async ({ body, log }, reply) => {
        for (const violation of readPolicyReports(Buffer.isBuffer(body) ? body : Buffer.alloc(0)))
          if (reports.note(violation)) log.warn({ violation }, 'content blocked on a page of payments');
        return reply.status(204).send(null);
      },
    );
  });
}
