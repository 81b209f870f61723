import { request } from 'undici';
import type { Bench } from './bench.ts';
import { startBenchSite } from './bench-site.ts';
import { fillTables } from './list-rows.ts';
import { onDatabase } from './on-database.ts';
import { printLine } from './report.ts';
import { makeScratchDatabase } from './scratch-database.ts';

const ROWS_COUNT = 100_000;
const SAMPLE_MS = 20;
/** About a tenth of the rows of `fillTables` are older. */
const FIRST_TENTH_ENDS = '2023-04-20';
const MB = 1024 * 1024;

/** Downloads that are measured: lists with that many rows or more. */
const downloads = ['/billing/transactions/download/', '/billing/charges/download/'] as const;

/**
 * Downloads lists of 100,000 rows as CSV and measures by how much the resident memory of the process grows
 * over that after ten downloads of a tenth of the rows: what a download needs because it is long.
 * The rows are in a separate scratch database, because their triggers are off.
 */
export async function benchDownloads(_: Bench): Promise<void> {
  const scratch = await makeScratchDatabase();
  if ('reason' in scratch) return;
  try {
    const site = await startBenchSite(scratch.url, { node: ['--expose-gc'] });
    try {
      const token = await site.registerManager('downloader');
      await onDatabase(scratch.url, async (client) => fillTables(client, 0, ROWS_COUNT));
      for (const path of downloads) {
        // The heap grows to its working size with the garbage of the first rows: as many rows, a tenth at a time.
        for (let round = 0; round < 10; round += 1)
          await download(`${site.origin}${path}?ends_at=${FIRST_TENTH_ENDS}`, token);
        await site.child.ask('memory');
        const before = site.child.residentBytes();
        let most = before;
        const sampler = setInterval(() => {
          most = Math.max(most, site.child.residentBytes());
        }, SAMPLE_MS);
        const started = performance.now();
        const { rows_count, bytes } = await download(`${site.origin}${path}`, token);
        clearInterval(sampler);
        const elapsed_s = (performance.now() - started) / 1000;
        if (rows_count < ROWS_COUNT) throw new Error(`${path} has ${rows_count} rows only`);
        printLine({
          name: `memory of a download of ${ROWS_COUNT} rows, ${path}`,
          value: (most - before) / MB,
          unit: 'MB',
          goal: { max: 50 },
          detail: `MB more resident than after ten downloads of a tenth; ${rows_count} rows, ${(bytes / MB).toFixed(1)} MB in ${elapsed_s.toFixed(1)} s`,
        });
      }
    } finally {
      await site.stop();
    }
  } finally {
    await scratch.drop();
  }
}

/** Reads a download to its end; returns its size without the header row. */
async function download(url: string, token: string): Promise<{ rows_count: number; bytes: number }> {
  const { statusCode, body } = await request(url, {
    headers: { authorization: `Bearer ${token}`, accept: 'text/csv' },
  });
  if (statusCode !== 200) throw new Error(`${url}: ${statusCode} ${(await body.text()).slice(0, 200)}`);
  let lines_count = 0;
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    for (const byte of chunk) if (byte === 0x0a) lines_count += 1;
  }
  return { rows_count: lines_count - 1, bytes };
}
