import { startChild } from './child.ts';
import type { BenchSite } from './bench-site.ts';
import { compare, type Comparison, send } from './measure.ts';

/**
 * Compares a request through the gateway, for a signed-in user, with a pass-through of plain undici to the same
 * upstream.
 */
export async function benchGateway(site: BenchSite): Promise<Comparison> {
  const manager = await site.registerManager('gatekeeper');
  const authorization = `Bearer ${await site.register('passenger')}`;
  const upstream = await startChild(['bench/baselines.ts', 'upstream'], {}, '/');
  try {
    await site.call('PUT', '/api/proxy', manager, { entry_point: `${upstream.origin}/`, session_backend: 2 });
    await site.call('POST', '/api/proxy/rules', manager, {
      rank: 0,
      path: '/bench/',
      allow: 1,
      is_forward: true,
      engaged: '',
    });
    const baseline = await startChild(['bench/baselines.ts', 'pass-through'], { UPSTREAM: upstream.origin }, '/');
    try {
      const request = { method: 'GET', path: '/bench/page', headers: { authorization, accept: 'text/plain' } } as const;
      const step = (client: Parameters<typeof send>[0]) => send(client, request);
      return await compare({ origin: baseline.origin, step }, { origin: site.origin, step });
    } finally {
      await baseline.stop();
    }
  } finally {
    await upstream.stop();
  }
}
