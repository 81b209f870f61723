import { ofSite } from './api-read.ts';
import { startBenchSite } from './bench-site.ts';
import { startChild, stopAllWhenInterrupted } from './child.ts';
import { checkOutByClients } from './checkout.ts';
import { openGateway, throughGateway } from './gateway.ts';
import { loadedByNode, measure, type Side } from './measure.ts';
import { type CpuProfile, summarize } from './profile-summary.ts';
import { makeScratchDatabase } from './scratch-database.ts';
import { seedDatabase } from './seed.ts';
import { seconds } from './settings.ts';

/** Prints where the server spends its CPU time per request: `npm run bench:profile -- api|gateway|checkout`. */
const kinds = ['api', 'gateway', 'checkout'] as const;
const wanted = process.argv.slice(2);

const scratch = await makeScratchDatabase();
if ('reason' in scratch) throw new Error(scratch.reason);
stopAllWhenInterrupted(() => scratch.drop());
try {
  const seeded = await seedDatabase(scratch.url);
  const site = await startBenchSite(scratch.url, { log_level: 'info' });
  const upstream = await startChild(['bench/baselines.ts', 'upstream'], { environment: {}, probe: '/' });
  try {
    await openGateway(site, seeded.manager, upstream.origin);
    const sides: Record<(typeof kinds)[number], Side> = {
      api: loadedByNode(site.child, ofSite(seeded.reader)),
      gateway: loadedByNode(site.child, throughGateway(seeded.reader)),
      checkout: checkOutByClients(site, seeded.buyers),
    };
    for (const kind of kinds) {
      if (wanted.length > 0 && !wanted.includes(kind)) continue;
      await sides[kind].load(2);
      const { cpu_us, per_s } = await measure(sides[kind], seconds);
      await site.child.ask('startProfile');
      const { count } = await sides[kind].load(seconds);
      const profile = await site.child.ask('stopProfile');
      console.log(
        `## ${kind}: ${per_s.toFixed(0)} requests/s, ${cpu_us.toFixed(0)} us of CPU each without the profiler\n`,
      );
      console.log(summarize(profile as CpuProfile, count));
    }
  } finally {
    await upstream.stop();
    await site.stop();
  }
} finally {
  await scratch.drop();
}
