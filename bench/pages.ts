import { type Bench, withBaseline, withSite } from './bench.ts';
import { compare, type GetRequest, loadedByNode } from './measure.ts';
import { printLine } from './report.ts';

/** Compares the median time of pages on a warm process with that of a Fastify route without work. */
export async function benchPages(bench: Bench): Promise<void> {
  await withBaseline('empty', { environment: {} }, async (empty) => {
    await withSite(bench, { log_level: 'error' }, async ({ child }) => {
      for (const page of pagesOf(bench.seeded.reader)) {
        const { baseline, subject } = await compare(loadedByNode(empty, { path: '/' }), loadedByNode(child, page));
        printLine({
          name: `page ${page.path}`,
          value: subject.p50_ms / baseline.p50_ms,
          unit: 'times',
          detail: `p50 ${subject.p50_ms.toFixed(2)} ms, ${subject.cpu_us.toFixed(0)} us CPU against ${baseline.p50_ms.toFixed(2)} ms, ${baseline.cpu_us.toFixed(0)} us of an empty route`,
        });
      }
    });
  });
}

function pagesOf(token: string): GetRequest[] {
  const signed_in = { accept: 'text/html', authorization: `Bearer ${token}` };
  return [
    { path: '/pricing/', headers: { accept: 'text/html' } },
    { path: '/profile/reader/contact/', headers: signed_in },
    { path: '/billing/reader/history/', headers: signed_in },
  ];
}
