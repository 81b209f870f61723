import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { dateFormatter } from '#kernel/formatters';
import { parseInstant, yearIn } from '#kernel/instant';
import { DEFAULT_UNIT } from '#ledger';
import type { App } from '#platform/http/app';
import { textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { presentChart } from '#platform/pages/charts/present-chart';
import type { CsvColumn } from '#platform/pages/lists/csv-cell';
import { sendCsv } from '#platform/pages/lists/send-csv';
import type { Refusal } from '#platform/pages/forms/form';
import { humanizeMoney } from '#platform/templates/humanize-money';
import { getBroker } from '#profiles';
import { addBalanceLine } from './add-balance-line.ts';
import type { BalanceSeries } from './balance-sheet.ts';
import { findBalanceLines } from './balance-line-store.ts';
import { line_context, lineForm } from './line-form.ts';
import { moveBalanceLines } from './move-balance-lines.ts';
import { balanceSheetPage } from './page-types.ts';
import { removeBalanceLine } from './remove-balance-line.ts';
import { reportBalances } from './report-balances.ts';
import { ReportParams } from './schemas.ts';

export const sheet_definition =
  'Balance of the accounts of each line over all profiles, before each instant: received less sent, in the default currency.';

const MONTHS = 12;
/** Colours of the lines of the chart; the first line is compared with the periods before. */
const roles = ['payments', 'new', 'due', 'losses'] as const;
const config = { access: { kind: 'broker' }, page: true } as const;
const YearParams = Type.Object({ ...ReportParams.properties, year: Type.String({ pattern: '^(?:19|20)[0-9]{2}$' }) });

/** The pages of balance sheets of the site, for the broker. */
export function balanceSheetPages(app: App): void {
  const options = { config, schema: { hide: true, params: ReportParams } } as const;
  const of_year = { config, schema: { hide: true, params: YearParams } } as const;
  const url = '/metrics/balances/:report/';
  app.get(url, options, async (request, reply) => show(request, reply, { report: request.params.report }));
  app.get(`${url}download/`, options, async (request, reply) =>
    download(request, reply, { report: request.params.report }),
  );
  app.get(`${url}:year/`, of_year, async (request, reply) =>
    show(request, reply, { report: request.params.report, year: Number(request.params.year) }),
  );
  app.get(`${url}:year/download/`, of_year, async (request, reply) =>
    download(request, reply, { report: request.params.report, year: Number(request.params.year) }),
  );
  app.post(url, options, async (request, reply) => {
    const { ctx, body } = request;
    const { report } = request.params;
    try {
      reply.flash('success', await changeLines(ctx, report, body));
    } catch (error) {
      return show(request, reply, { report }, lineForm.refuse(error, body));
    }
    return reply.redirect(paths.balanceSheet(report), 303);
  });
}

/** Adds, removes or moves a line as the form asks; returns what was done. */
async function changeLines(ctx: FastifyRequest['ctx'], report: string, body: unknown): Promise<string> {
  const rank = Number(textField(body, 'rank', 10));
  switch (textField(body, 'action', 10)) {
    case 'remove':
      await removeBalanceLine(ctx, report, rank);
      return 'The line was removed.';
    case 'move': {
      const newpos = Number(textField(body, 'newpos', 10));
      await moveBalanceLines(ctx, report, [{ oldpos: rank, newpos }]);
      return 'The line was moved.';
    }
    default: {
      const { title, selector } = lineForm.read(body, line_context);
      const { lines } = await findBalanceLines(ctx.db, report, ctx.site.broker_id);
      await addBalanceLine(ctx, { report, title, selector, rank: (lines.at(-1)?.rank ?? 0) + 1 });
      return `The line ${title} was added.`;
    }
  }
}

interface Sheet {
  report: string;
  /** The last 12 months when omitted. */
  year?: number;
}

interface ReadSheet {
  timezone: string;
  this_year: number;
  results: BalanceSeries[];
  /** Balances of the first line at the ends of the months before those shown. */
  former: number[];
  ranks: number[];
  is_running: boolean;
}

async function readSheet({ ctx }: FastifyRequest, { report, year }: Sheet): Promise<ReadSheet> {
  const { default_timezone: timezone } = await getBroker(ctx.db, ctx.site);
  const now = new Date(ctx.clock.now().getTime() + 1);
  const end = year === undefined ? now : (parseInstant(`${year + 1}-01-01`, timezone) ?? now);
  const { results } = await reportBalances(ctx, report, {
    period_type: 'monthly',
    nb_periods: 2 * MONTHS,
    ends_at: end.toISOString(),
  });
  const { lines } = await findBalanceLines(ctx.db, report, ctx.site.broker_id);
  return {
    timezone,
    this_year: yearIn(now, timezone),
    results: results.map((series) => ({ ...series, values: series.values.slice(MONTHS) })),
    former: (results[0]?.values ?? []).slice(1, MONTHS + 1).map(([, amount]) => amount),
    ranks: lines.map(({ rank }) => rank),
    is_running: year === undefined,
  };
}

async function show(
  request: FastifyRequest,
  reply: FastifyReply,
  sheet: Sheet,
  refusal: Refusal | null = null,
): Promise<FastifyReply> {
  const { ctx, subject } = request;
  const { report, year } = sheet;
  const read = await readSheet(request, sheet);
  const { results, timezone, this_year } = read;
  const dates = dateFormatter(ctx.lang, { year: 'numeric', month: 'short', day: 'numeric', timeZone: timezone });
  const bounds = results[0]?.values.map(([at]) => new Date(at)) ?? [];
  const money = (amount: number) => humanizeMoney({ amount, unit: DEFAULT_UNIT }, ctx.lang);
  const data = {
    report,
    definition: sheet_definition,
    years: [undefined, ...[0, 1, 2, 3].map((back) => this_year - back)].map((each) => ({
      label: each === undefined ? 'Last 12 months' : String(each),
      href: paths.balanceSheet(report, each),
      is_current: each === year,
    })),
    chart: results.length === 0 ? null : chartOf(report, read, bounds, { locale: ctx.lang, timezone }, year),
    head: bounds.map((bound) => dates.format(bound)),
    lines: results.map(({ title, selector, values }, index) => ({
      title,
      selector,
      rank: read.ranks[index] ?? 0,
      cells: values.map(([at, amount]) => ({
        text: money(amount),
        href: `${paths.transactions()}?${new URLSearchParams({ selector, ends_at: at }).toString()}`,
      })),
    })),
    may_edit: subject.is_manager,
    csv_url: paths.balanceSheetDownload(report, year),
    ...lineForm.view({}, line_context, refusal),
  };
  return reply.page(balanceSheetPage, data, refusal?.status ?? 200);
}

function chartOf(
  report: string,
  { results, former, is_running }: ReadSheet,
  bounds: readonly Date[],
  reader: { locale: string; timezone: string },
  year: number | undefined,
) {
  const shown = results.slice(0, roles.length).map(({ title, values }, index) => ({
    role: roles[index] ?? ('payments' as const),
    label: title,
    values: values.slice(1).map(([, amount]) => amount),
  }));
  const [first] = shown;
  const previous = first && {
    role: 'previous' as const,
    label: `${first.label}, ${MONTHS} months before`,
    values: former,
  };
  return presentChart(
    {
      id: 'sheet',
      title: `Balances: ${report}`,
      definition: sheet_definition,
      kind: 'balance',
      period: 'month',
      bounds,
      is_running,
      series: previous ? [...shown, previous] : shown,
      amounts: { kind: 'money', unit: DEFAULT_UNIT },
      empty: 'No entries yet',
      csv_href: paths.balanceSheetDownload(report, year),
    },
    reader,
  );
}

async function download(request: FastifyRequest, reply: FastifyReply, sheet: Sheet): Promise<FastifyReply> {
  const { results, timezone } = await readSheet(request, sheet);
  const columns: CsvColumn<BalanceSeries>[] = [
    { heading: 'Title', kind: 'text', value: ({ title }) => title },
    ...(results[0]?.values ?? []).map(([at], index): CsvColumn<BalanceSeries> => ({
      heading: at,
      kind: 'decimal',
      value: ({ values }) => values[index]?.[1] ?? null,
    })),
  ];
  const batches = (async function* rows() {
    yield results;
  })();
  return sendCsv(reply, { name: sheet.report, columns, timezone, batches });
}
