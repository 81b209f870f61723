import { Type } from 'typebox';
import type { App } from '#platform/http/app';
import { putAndPatch } from '#platform/http/put-and-patch';
import { listQuerystring } from '#platform/http/schemas';
import { addBalanceLine } from './add-balance-line.ts';
import { balanceLineList, getBalanceLine, listBalanceLines } from './balance-line-store.ts';
import { changeBalanceLine } from './change-balance-line.ts';
import { metricsProblems } from '../problems.ts';
import { removeBalanceLine } from './remove-balance-line.ts';
import { readReportList } from '../report-list.ts';
import { ReportQuerystring } from '../report-schemas.ts';
import { reportBalances } from './report-balances.ts';
import {
  BalanceLineInput,
  BalanceLineOfRank,
  BalanceLinePage,
  BalanceLineSchema,
  BalanceReportSchema,
  LineParams,
  ReportParams,
} from './schemas.ts';

const tags = ['metrics'];
const config = { access: { kind: 'broker' } } as const;
const lineConfig = { ...config, problems: [metricsProblems.balance_line_unknown] };
const lines = '/api/metrics/balances/:report/lines';

// long: one registration per operation
export function balancesRoutes(app: App): void {
  app.get(
    '/api/metrics/balances/:report',
    {
      config,
      schema: {
        tags,
        summary: 'Reads a balance sheet at the ends of past periods',
        description: 'Returns the amounts of each line of a balance sheet at the ends of past periods.',
        params: ReportParams,
        querystring: ReportQuerystring,
        response: { 200: BalanceReportSchema },
      },
    },
    async (request) => {
      const { nb_periods, ...rest } = request.query;
      const count = nb_periods === undefined ? undefined : Number(nb_periods);
      return reportBalances(request.ctx, request.params.report, { ...rest, nb_periods: count });
    },
  );
  app.get(
    lines,
    {
      config,
      schema: {
        tags,
        summary: 'Lists the lines of a balance sheet',
        description: 'Lists the lines of a balance sheet: their titles and the accounts that they sum.',
        params: ReportParams,
        querystring: listQuerystring(balanceLineList),
        response: { 200: BalanceLinePage },
      },
    },
    async (request) => {
      const list = readReportList(request, request.query, 'UTC');
      return listBalanceLines(request.ctx.db, request.params.report, list, request.listUrl);
    },
  );
  app.post(
    lines,
    {
      config,
      schema: {
        tags,
        summary: 'Adds a line to a balance sheet',
        description: 'Adds a line to a balance sheet.',
        params: ReportParams,
        body: BalanceLineInput,
        response: { 201: BalanceLineSchema },
      },
    },
    async (request, reply) => {
      const { title, rank, selector = '' } = request.body;
      const line = await addBalanceLine(request.ctx, { report: request.params.report, title, selector, rank });
      return reply.status(201).send(line);
    },
  );
  app.patch(
    lines,
    {
      config: lineConfig,
      schema: {
        tags,
        hide: true,
        summary: 'Changes the line of the rank in the body, as in the API of 2019',
        params: ReportParams,
        body: BalanceLineOfRank,
        response: { 200: BalanceLineSchema },
      },
    },
    async ({ ctx, params, body }) => {
      const { rank, title, selector } = body;
      const change = { ...(title === undefined ? {} : { title }), ...(selector === undefined ? {} : { selector }) };
      return changeBalanceLine(ctx, params.report, rank, change);
    },
  );
  app.get(
    `${lines}/:rank`,
    {
      config: lineConfig,
      schema: {
        tags,
        summary: 'Reads a line of a balance sheet',
        description: 'Returns a line of a balance sheet.',
        params: LineParams,
        response: { 200: BalanceLineSchema },
      },
    },
    async ({ ctx, params }) => getBalanceLine(ctx.db, params.report, Number(params.rank)),
  );
  putAndPatch(
    app,
    `${lines}/:rank`,
    {
      config: lineConfig,
      schema: {
        tags,
        summary: 'Changes a line of a balance sheet',
        description: 'Changes the title, the accounts or the rank of a line.',
        params: LineParams,
        body: BalanceLineInput,
        response: { 200: BalanceLineSchema },
      },
    },
    async (request) => {
      const { title, selector, rank } = request.body;
      const change = {
        ...(title === undefined ? {} : { title }),
        ...(selector === undefined ? {} : { selector }),
        ...(rank === undefined ? {} : { rank }),
      };
      return changeBalanceLine(request.ctx, request.params.report, Number(request.params.rank), change);
    },
  );
  app.delete(
    `${lines}/:rank`,
    {
      config: lineConfig,
      schema: {
        tags,
        summary: 'Removes a line of a balance sheet; the others keep their ranks',
        description: 'Removes a line; the others keep their ranks.',
        params: LineParams,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      await removeBalanceLine(request.ctx, request.params.report, Number(request.params.rank));
      return reply.status(204).send(null);
    },
  );
}
