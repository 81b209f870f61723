import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Reader } from '#platform/db/database';
import type { App } from '#platform/http/app';
import { getReported, type Reported } from './provider.ts';
import { readPeriods, type ReportPeriods, type ReportQuery } from './report-periods.ts';
import {
  DefinitionSchema,
  MoneyReportQuerystring,
  MoneyReportSchema,
  ProviderParams,
  ReportQuerystring,
  SeriesSchema,
} from './report-schemas.ts';
import { linkRows } from './rows-of.ts';
import type { Report, Series } from './series.ts';

export const reportConfig = { access: { kind: 'direct', frictionless: true } } as const;
export const report_tags = ['metrics'];

/** An operation that reports series of a provider. */
export interface ReportOperation<T extends Report = Report> {
  name: string;
  summary: string;
  description: string;
  read(reader: Reader, reported: Reported, periods: ReportPeriods): Promise<T>;
}

/** Replaces the rows behind each value by their addresses. */
export function presentSeries<T extends Series>(
  series: readonly T[],
  link: ReturnType<typeof linkRows>,
): (Omit<T, 'links' | 'selector'> & { extra: null; selector: string | null; links: (string | null)[] })[] {
  return series.map((each) => ({
    ...each,
    extra: null,
    selector: each.selector ?? null,
    links: each.links.map(link),
  }));
}

/** Registers an operation that reports amounts in one unit. */
export function moneyReportRoute(app: App, operation: ReportOperation): void {
  const { name, summary, description, read } = operation;
  app.get(
    `/api/metrics/:profile/${name}`,
    {
      config: reportConfig,
      schema: {
        tags: report_tags,
        summary,
        description,
        params: ProviderParams,
        querystring: MoneyReportQuerystring,
        response: {
          200: Type.Object({
            ...MoneyReportSchema.properties,
            extra: Type.Optional(Type.Array(SeriesSchema, { description: 'Series with another measure' })),
            processor_hint: Type.Optional(
              Type.String({ description: 'connect_provider: the provider has no account for its money yet' }),
            ),
          }),
        },
      },
    },
    async (request) => {
      const { reported, periods, link } = await readReportRequest(request, request.query);
      const { title, definition, results, extra, ...rest } = await read(request.ctx.db, reported, periods);
      return {
        title,
        scale: 0.01,
        unit: reported.unit,
        definition,
        results: presentSeries(results, link),
        ...(extra === undefined ? {} : { extra: presentSeries(extra, link) }),
        ...rest,
      };
    },
  );
}

/** Series of numbers, without a unit. */
export const CountReportSchema = Type.Object({
  title: Type.String(),
  definition: DefinitionSchema,
  results: Type.Array(SeriesSchema),
  extra: Type.Array(SeriesSchema, { description: 'Series with another measure' }),
});

/** Registers an operation that reports numbers. */
export function countReportRoute(app: App, operation: ReportOperation): void {
  const { name, summary, description, read } = operation;
  app.get(
    `/api/metrics/:profile/${name}`,
    {
      config: reportConfig,
      schema: {
        tags: report_tags,
        summary,
        description,
        params: ProviderParams,
        querystring: ReportQuerystring,
        response: { 200: CountReportSchema },
      },
    },
    async (request) => {
      const { reported, periods, link } = await readReportRequest(request, request.query);
      const { title, definition, results, extra = [] } = await read(request.ctx.db, reported, periods);
      return { title, definition, results: presentSeries(results, link), extra: presentSeries(extra, link) };
    },
  );
}

/** Reads the provider that a request for a report names, and the unit of the report. */
export async function readReportProvider(request: FastifyRequest, asked_unit: string | undefined) {
  const { provider, unit } = await getReported(request);
  const reported: Reported = { provider, unit: asked_unit ?? unit };
  return { reported, link: linkRows(request.ctx.origin, provider.slug) };
}

/** Reads the provider and the periods that a request for a report names. */
export async function readReportRequest(request: FastifyRequest, query: ReportQuery) {
  const { reported, link } = await readReportProvider(request, query.unit);
  const periods = readPeriods(query, reported.provider.default_timezone, request.ctx.clock.now());
  return { reported, periods, link };
}
