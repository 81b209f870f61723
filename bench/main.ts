import { benchApiRead } from './api-read.ts';
import { startBenchSite } from './bench-site.ts';
import { stopAllWhenInterrupted } from './child.ts';
import { benchCheckout } from './checkout.ts';
import { benchGateway } from './gateway.ts';
import type { Comparison } from './measure.ts';
import { makeScratchDatabase } from './scratch-database.ts';
import { clients, rounds, seconds } from './settings.ts';

const scratch = await makeScratchDatabase();
if ('reason' in scratch) {
  console.log(`nothing was measured: ${scratch.reason}`);
} else {
  stopAllWhenInterrupted(() => scratch.drop());
  try {
    const site = await startBenchSite(scratch.url);
    try {
      console.log(`${clients} clients, ${rounds} rounds of ${seconds} s for each side, medians\n`);
      print('API read', 'prepared query in plain Fastify', await benchApiRead(site, scratch.url));
      print('gateway', 'plain undici pass-through', await benchGateway(site));
      const checkout = await benchCheckout(site);
      if ('reason' in checkout) console.log(`checkout   not measured: ${checkout.reason}`);
      else {
        const { checkouts_per_s: subject_per_s, tpcb_per_s: baseline_per_s, p50_ms, p99_ms } = checkout;
        print('checkout', 'pgbench TPC-B', { subject_per_s, baseline_per_s, p50_ms, p99_ms });
      }
    } finally {
      await site.stop();
    }
  } finally {
    await scratch.drop();
  }
}

function print(name: string, against: string, { subject_per_s, baseline_per_s, p50_ms, p99_ms }: Comparison): void {
  const ratio = (subject_per_s / baseline_per_s).toFixed(3);
  const figures = `${subject_per_s.toFixed(0)}/s (p50 ${p50_ms.toFixed(1)} ms, p99 ${p99_ms.toFixed(1)} ms)`;
  console.log(`${name.padEnd(10)} ratio ${ratio}  ${figures} against ${baseline_per_s.toFixed(0)}/s of ${against}`);
}
