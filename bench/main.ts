import { benchApiRead } from './api-read.ts';
import type { Bench, Part } from './bench.ts';
import { stopAllWhenInterrupted } from './child.ts';
import { benchCheckout } from './checkout.ts';
import { benchDownloads } from './downloads.ts';
import { benchFairness } from './fairness.ts';
import { benchGateway } from './gateway.ts';
import { benchHistory } from './history.ts';
import { benchLedger } from './ledger.ts';
import { benchMemory } from './memory.ts';
import { benchMetrics } from './metrics.ts';
import { benchPages } from './pages.ts';
import { benchPinned } from './pinned.ts';
import { benchProfileReads } from './profile-reads.ts';
import { benchQueue } from './queue.ts';
import { benchRenewals } from './renewals.ts';
import { printHeader, printSummary } from './report.ts';
import { makeScratchDatabase } from './scratch-database.ts';
import { seedDatabase } from './seed.ts';
import { benchStatements } from './statements.ts';
import { benchStripe } from './stripe.ts';
import { clients, rounds, seconds } from './settings.ts';

/** In the order of the run; parts that insert many rows come last. */
const parts: Record<string, Part> = {
  api: benchApiRead,
  gateway: benchGateway,
  pinned: benchPinned,
  pages: benchPages,
  statements: benchStatements,
  checkout: benchCheckout,
  fairness: benchFairness,
  history: benchHistory,
  reads: benchProfileReads,
  ledger: benchLedger,
  stripe: benchStripe,
  queue: benchQueue,
  memory: benchMemory,
  downloads: benchDownloads,
  metrics: benchMetrics,
  renewals: benchRenewals,
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in parts));
if (unknown.length > 0) {
  console.error(`There is no part ${unknown.join(', ')}. Parts: ${Object.keys(parts).join(', ')}.`);
  process.exit(2);
}

const scratch = await makeScratchDatabase();
if ('reason' in scratch) {
  console.log(`nothing was measured: ${scratch.reason}`);
} else {
  stopAllWhenInterrupted(() => scratch.drop());
  try {
    const bench: Bench = {
      database_url: scratch.url,
      seeded: await seedDatabase(scratch.url),
      checkouts_per_s: null,
    };
    console.log(`${clients} clients, ${rounds} rounds of ${seconds} s for each side, medians\n`);
    printHeader();
    for (const [name, part] of Object.entries(parts)) {
      if (wanted.length === 0 || wanted.includes(name)) await part(bench);
    }
    printSummary();
  } finally {
    await scratch.drop();
  }
}
