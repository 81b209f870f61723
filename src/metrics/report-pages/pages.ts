import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { mergeReads } from '#platform/db/merge-reads';
import type { App } from '#platform/http/app';
import { paths } from '#platform/http/paths';
import { csvOfChart } from '#platform/pages/charts/chart-csv';
import { presentChart } from '#platform/pages/charts/present-chart';
import { sendCsv } from '#platform/pages/lists/send-csv';
import { profileName } from '#profiles';
import { getReported, type Reported } from '../provider.ts';
import { planReportPage, revenuePage } from './page-types.ts';
import { readShownPeriods, type ShownPeriods } from './shown-periods.ts';
import {
  isShownReport,
  shown_reports,
  type ShownChart,
  type ShownReport,
  type ShownReportName,
} from './shown-reports.ts';
import { chartOfReport, type ComparedReport, csvOfReport, tableOfReport } from './view-report.ts';

const config = { access: { kind: 'direct', frictionless: true }, page: true } as const;
const options = { config, schema: { hide: true, params: Type.Object({ profile: Type.String() }) } } as const;

/** Names of the downloads of tabs, as the specification has them. */
const download_names: Readonly<Record<ShownReportName, string>> = {
  funds: 'revenue',
  balances: 'balances',
  customers: 'customers',
  plans: 'plans',
  recurring: 'recurring-revenue',
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
}

async function readShownReport(request: FastifyRequest, name: ShownReportName): Promise<ReadReport> {
  const { ctx, listUrl } = request;
  const reported = await getReported(request);
  const shown = readShownPeriods(listUrl.searchParams, reported.provider.default_timezone, ctx.clock.now());
  const { read }: ShownReport = shown_reports[name];
  const [report, before] = await mergeReads(ctx.db, [
    (reader) => read(reader, reported, shown.periods),
    (reader) => read(reader, reported, shown.before),
  ]);
  return { report, before, reported, shown };
}

const viewProvider = ({ provider }: Reported) => ({ slug: provider.slug, printable_name: profileName(provider) });

const linksOf = (slug: string) => [
  { label: 'Plans', href: paths.planReport(slug) },
  { label: 'Lifetime value', href: paths.lifetimeValue(slug) },
  { label: 'Balances due', href: paths.balancesDue(slug) },
  { label: 'Activity', href: paths.activity(slug) },
];

function viewReport(request: FastifyRequest, name: ShownReportName, read: ReadReport) {
  const { ctx } = request;
  const { reported, report, shown } = read;
  const timezone = reported.provider.default_timezone;
  const reader = { locale: ctx.lang, timezone };
  const { amounts: kind, empty, charts }: ShownReport = shown_reports[name];
  const amounts = kind === 'money' ? { kind, unit: reported.unit } : { kind };
  const csv_url = downloadOf(request, reported, name);
  return {
    definition: report.definition,
    controls: shown.controls,
    charts: charts(report).map((chart) =>
      presentChart(
        {
          ...chartOfReport(read, chart, shown, { amounts, empty }),
          csv_href: `${csv_url}${csv_url.includes('?') ? '&' : '?'}chart=${chart.id}`,
        },
        reader,
      ),
    ),
    table: tableOfReport(report, shown, amounts, reader),
    csv_url,
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
  const { reported, report, shown } = read;
  const timezone = reported.provider.default_timezone;
  const { amounts: kind, empty, charts }: ShownReport = shown_reports[name];
  const chart: ShownChart | undefined = charts(report).find(({ id }) => id === listUrl.searchParams.get('chart'));
  if (chart === undefined)
    return sendCsv(reply, csvOfReport(download_names[name], report, shown.periods.bounds, { amounts: kind }, timezone));
  const amounts = kind === 'money' ? { kind, unit: reported.unit } : { kind };
  const spec = chartOfReport(read, chart, shown, { amounts, empty });
  return sendCsv(reply, csvOfChart(spec, { locale: ctx.lang, timezone }));
}
