import { type Bench, withBaseline, withSite } from './bench.ts';
import { compare, type GetRequest, loadedByNode } from './measure.ts';
import { printLine } from './report.ts';
import type { Seeded } from './seed.ts';

/** Compares the median time of pages on a warm process with that of a Fastify route without work. */
export async function benchPages(bench: Bench): Promise<void> {
  await withBaseline('empty', { environment: {} }, async (empty) => {
    await withSite(bench, { log_level: 'error' }, async ({ child }) => {
      for (const page of pagesOf(bench.seeded)) {
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

/** Pages of each kind of user: a visitor, a buyer with purchases, and a manager of the site, who also sells. */
function pagesOf({ reader, manager, buyers }: Seeded): GetRequest[] {
  const [buyer] = buyers;
  const as = (token: string | undefined, ...paths: string[]) =>
    paths.map((path) => ({
      path,
      headers: { accept: 'text/html', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    }));
  return [
    ...as(undefined, '/pricing/', '/login/'),
    ...as(reader, '/profile/reader/contact/', '/billing/reader/history/', '/users/reader/'),
    ...(buyer
      ? as(
          buyer.token,
          `/billing/${buyer.username}/history/`,
          `/billing/${buyer.username}/balance/`,
          `/profile/${buyer.username}/subscriptions/`,
        )
      : []),
    ...as(
      manager,
      '/metrics/tollgate/dashboard/',
      '/metrics/tollgate/revenue/',
      '/profile/tollgate/subscribers/',
      '/profile/tollgate/plans/',
      '/billing/tollgate/charges/',
      '/billing/tollgate/transfers/',
      '/proxy/rules/',
    ),
  ];
}
