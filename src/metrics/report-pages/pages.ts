import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { mergeReads } from '#platform/db/merge-reads';
import type { App } from '#platform/http/app';
import { paths } from '#platform/http/paths';
import type { ChartSpec } from '#platform/pages/charts/chart';
import type { Amounts } from '#platform/pages/charts/chart-text';
import { csvOfChart } from '#platform/pages/charts/chart-csv';
import { presentChart } from '#platform/pages/charts/present-chart';
import { sendCsv } from '#platform/pages/lists/send-csv';
import { profileName } from '#profiles';
import { upcomingBounds } from '../period-bounds.ts';
import { getReported, type Reported } from '../provider.ts';
import type { Report } from '../series.ts';
import { planReportPage, revenuePage } from './page-types.ts';
import { readShownPeriods, type ShownPeriods } from './shown-periods.ts';
import {
  isShownReport,
  shown_reports,
  type ShownChart,
  type ShownReport,
  type ShownReportName,
  type UpcomingReport,
} from './shown-reports.ts';
import {
  chart_periods,
  chartOfReport,
  type ComparedReport,
  csvOfReport,
  tableOfReport,
  tableOfUpcoming,
} from './view-report.ts';

const config = { access: { kind: 'direct', frictionless: true }, page: true } as const;
const options = { config, schema: { hide: true, params: Type.Object({ profile: Type.String() }) } } as const;

/** Names of the downloads of tabs, as the specification has them. */
const download_names: Readonly<Record<ShownReportName, string>> = {
  funds: 'revenue',
  balances: 'balances',
  customers: 'customers',
  plans: 'plans',
  recurring: 'recurring-revenue',
  deferred: 'deferred-income',
  receivables: 'receivables',
};

/** Charts and tables of the reports of a provider, and their downloads. */
export function reportPages(app: App): void {
  app.get('/metrics/:profile/revenue/', options, async (request, reply) => {
    const asked = request.listUrl.searchParams.get('tab') ?? '';
    const tab = isShownReport(asked) ? asked : 'funds';
    const read = await readShownReport(request, tab);
    const { slug } = read.reported.provider;
    const search = withoutTab(request);
    return reply.page(revenuePage, {
      profile: viewProvider(read.reported),
      tab,
      tabs: names.map((name) => ({
        label: shown_reports[name].label,
        href: paths.revenue(slug, name === 'funds' ? undefined : name, search),
        is_current: name === tab,
      })),
      links: linksOf(slug),
      report: viewReport(request, tab, read),
    });
  });
  app.get('/metrics/:profile/plans/', options, async (request, reply) => {
    const read = await readShownReport(request, 'plans');
    const { slug } = read.reported.provider;
    return reply.page(planReportPage, {
      profile: viewProvider(read.reported),
      links: [
        { label: 'Revenue', href: paths.revenue(slug) },
        ...linksOf(slug).filter(({ label }) => label !== 'Plans'),
      ],
      report: viewReport(request, 'plans', read),
    });
  });
  for (const name of names)
    app.get(`/metrics/:profile/${download_names[name]}/download/`, options, async (request, reply) =>
      download(request, reply, name),
    );
}

// Object.keys widens the names.
const names = Object.keys(shown_reports) as ShownReportName[];

interface ReadReport extends ComparedReport {
  reported: Reported;
  shown: ShownPeriods;
  /** Periods from now on; null for reports without them. */
  upcoming: { report: Report; bounds: Date[]; of: UpcomingReport } | null;
}

async function readShownReport(request: FastifyRequest, name: ShownReportName): Promise<ReadReport> {
  const { ctx, listUrl } = request;
  const reported = await getReported(request);
  const shown = readShownPeriods(listUrl.searchParams, reported.provider.default_timezone, ctx.clock.now());
  const { read, upcoming: of }: ShownReport = shown_reports[name];
  const bounds = upcomingBounds(
    ctx.clock.now(),
    shown.periods.type,
    shown.periods.bounds.length - 1,
    reported.provider.default_timezone,
  );
  const [report, before, scheduled] = await mergeReads(ctx.db, [
    (reader) => read(reader, reported, shown.periods),
    (reader) => read(reader, reported, shown.before),
    async (reader) => of?.read(reader, reported, bounds),
  ]);
  const upcoming = of && scheduled ? { of, report: scheduled, bounds } : null;
  return { report, before, reported, shown, upcoming };
}

const viewProvider = ({ provider }: Reported) => ({ slug: provider.slug, printable_name: profileName(provider) });

const linksOf = (slug: string) => [
  { label: 'Plans', href: paths.planReport(slug) },
  { label: 'Federation', href: paths.federation(slug) },
  { label: 'Lifetime value', href: paths.lifetimeValue(slug) },
  { label: 'Balances due', href: paths.balancesDue(slug) },
  { label: 'Activity', href: paths.activity(slug) },
];

function viewReport(request: FastifyRequest, name: ShownReportName, read: ReadReport) {
  const { ctx } = request;
  const { reported, report, shown, upcoming } = read;
  const timezone = reported.provider.default_timezone;
  const reader = { locale: ctx.lang, timezone, provider: reported.provider.slug };
  const { amounts: kind, empty, charts }: ShownReport = shown_reports[name];
  const amounts = kind === 'money' ? { kind, unit: reported.unit } : { kind };
  const csv_url = downloadOf(request, reported, name);
  const csvOf = (chart: string) => `${csv_url}${csv_url.includes('?') ? '&' : '?'}chart=${chart}`;
  return {
    definition: report.definition,
    controls: shown.controls,
    charts: charts(report).map((chart) =>
      presentChart(
        {
          ...chartOfReport(read, chart, shown, { amounts, empty }),
          csv_href: csvOf(chart.id),
        },
        reader,
      ),
    ),
    table: tableOfReport(report, shown, amounts, reader),
    upcoming: upcoming && {
      title: upcoming.of.title,
      definition: upcoming.report.definition,
      chart: presentChart(
        { ...chartOfUpcoming(upcoming, shown, { amounts, empty }), csv_href: csvOf(upcoming.of.id) },
        reader,
      ),
      rows: tableOfUpcoming(upcoming.report, shown.periods.type, amounts, reader),
    },
    csv_url,
  };
}

function chartOfUpcoming(
  { report, bounds, of }: NonNullable<ReadReport['upcoming']>,
  { periods }: ShownPeriods,
  { amounts, empty }: { amounts: Amounts; empty: string },
): ChartSpec {
  const series = report.results.find(({ slug }) => slug === of.series);
  return {
    id: of.id,
    title: of.title,
    definition: report.definition,
    kind: 'flow',
    period: chart_periods[periods.type],
    bounds,
    is_running: false,
    series: [
      { role: 'payments', label: series?.title ?? of.title, values: series?.values.map(([, value]) => value) ?? [] },
    ],
    amounts,
    empty,
  };
}

/** Address of the download of a report with the periods of the page. */
function downloadOf(request: FastifyRequest, { provider }: Reported, name: ShownReportName): string {
  return paths.reportDownload(provider.slug, download_names[name], withoutTab(request));
}

function withoutTab({ listUrl }: FastifyRequest): URLSearchParams {
  const kept = new URLSearchParams();
  for (const key of ['period_type', 'nb_periods', 'ends_at']) {
    const value = listUrl.searchParams.get(key);
    if (value) kept.set(key, value);
  }
  return kept;
}

/** Sends all series of a report, or the values of one of its charts. */
async function download(request: FastifyRequest, reply: FastifyReply, name: ShownReportName): Promise<FastifyReply> {
  const { ctx, listUrl } = request;
  const read = await readShownReport(request, name);
  const { reported, report, shown, upcoming } = read;
  const timezone = reported.provider.default_timezone;
  const { amounts: kind, empty, charts }: ShownReport = shown_reports[name];
  const amounts = kind === 'money' ? { kind, unit: reported.unit } : { kind };
  if (upcoming !== null && listUrl.searchParams.get('chart') === upcoming.of.id)
    return sendCsv(
      reply,
      csvOfChart(chartOfUpcoming(upcoming, shown, { amounts, empty }), { locale: ctx.lang, timezone }),
    );
  const chart: ShownChart | undefined = charts(report).find(({ id }) => id === listUrl.searchParams.get('chart'));
  if (chart === undefined)
    return sendCsv(reply, csvOfReport(download_names[name], report, shown.periods.bounds, { amounts: kind }, timezone));
  const spec = chartOfReport(read, chart, shown, { amounts, empty });
  return sendCsv(reply, csvOfChart(spec, { locale: ctx.lang, timezone }));
}
