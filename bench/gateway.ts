import { type Bench, withBaseline, withSite } from './bench.ts';
import type { BenchSite } from './bench-site.ts';
import { compare, type GetRequest, loadedByNode } from './measure.ts';
import { printComparison } from './report.ts';

/** Access rules that precede the one that matches. */
const OTHER_RULES_COUNT = 100;

/**
 * Compares a request through the gateway, for a signed-in user and with the access log, with a pass-through of plain
 * undici to the same upstream.
 */
export async function benchGateway(bench: Bench): Promise<void> {
  await withBaseline('upstream', { environment: {} }, async (upstream) => {
    await withBaseline('pass-through', { environment: { UPSTREAM: upstream.origin } }, async (baseline) => {
      await withSite(bench, { log_level: 'info' }, async (site) => {
        await openGateway(site, bench.seeded.manager, upstream.origin);
        const request = throughGateway(bench.seeded.reader);
        const result = await compare(loadedByNode(baseline, request), loadedByNode(site.child, request));
        printComparison('gateway, access log on', 'a plain undici pass-through', result, { min: 0.68 });
      });
    });
  });
}

export function throughGateway(token: string): GetRequest {
  return { path: '/bench/page', headers: { authorization: `Bearer ${token}`, accept: 'text/plain' } };
}

/** Forwards `/bench/` to the upstream, for signed-in users, with the session token of backend 2. */
export async function openGateway(site: BenchSite, manager: string, upstream: string): Promise<void> {
  await site.call('PUT', '/api/proxy', manager, { entry_point: `${upstream}/`, session_backend: 2 });
  if (await hasRules(site, manager)) return;
  const rule = { allow: 1, is_forward: true, engaged: '' };
  for (let rank = 0; rank < OTHER_RULES_COUNT; rank += 1)
    await site.call('POST', '/api/proxy/rules', manager, { ...rule, rank, path: `/other-${rank}/` });
  await site.call('POST', '/api/proxy/rules', manager, { ...rule, rank: OTHER_RULES_COUNT, path: '/bench/' });
}

async function hasRules(site: BenchSite, manager: string): Promise<boolean> {
  const rules = await site.call('GET', '/api/proxy/rules?q=/bench/', manager);
  return JSON.stringify(rules).includes('"/bench/"');
}
