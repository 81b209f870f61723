import { ofBaseline, ofSite } from './api-read.ts';
import { type Bench, withBaseline, withSite } from './bench.ts';
import type { Child } from './child.ts';
import { openGateway, throughGateway } from './gateway.ts';
import { compare, type GetRequest, isInstalled, loadedByWrk, type Side } from './measure.ts';
import { printComparison, printSkipped } from './report.ts';

const SERVER_CORE = 0;
const LOAD_CORE = 1;

/**
 * Repeats the comparisons of the API read and the gateway with the server on one core, and the load and the upstream
 * on another: the load of the benchmark process is then no part of the ratio.
 */
export async function benchPinned(bench: Bench): Promise<void> {
  for (const program of ['taskset', 'wrk'])
    if (!(await isInstalled(program, '--version'))) return printSkipped('pinned', `${program} is not installed`);
  await pinApiRead(bench);
  await pinGateway(bench);
}

const load = (child: Child, request: GetRequest): Side => loadedByWrk(child, request, LOAD_CORE);

async function pinApiRead(bench: Bench): Promise<void> {
  const environment = { DATABASE_URL: bench.database_url };
  await withBaseline('query', { environment, core: SERVER_CORE }, async (baseline) => {
    await withSite(bench, { core: SERVER_CORE }, async ({ child }) => {
      const result = await compare(load(baseline, ofBaseline), load(child, ofSite(bench.seeded.reader)));
      printComparison('API read, pinned, wrk', 'a prepared query in plain Fastify', result);
    });
  });
}

async function pinGateway(bench: Bench): Promise<void> {
  await withBaseline('upstream', { environment: {}, core: LOAD_CORE }, async (upstream) => {
    const environment = { UPSTREAM: upstream.origin };
    await withBaseline('pass-through', { environment, core: SERVER_CORE }, async (baseline) => {
      await withSite(bench, { log_level: 'info', core: SERVER_CORE }, async (site) => {
        await openGateway(site, bench.seeded.manager, upstream.origin);
        const request = throughGateway(bench.seeded.reader);
        const result = await compare(load(baseline, request), load(site.child, request));
        printComparison('gateway, access log on, pinned, wrk', 'a plain undici pass-through', result, { min: 0.7 });
      });
    });
  });
}
