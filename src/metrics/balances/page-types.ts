import { Type } from 'typebox';
import { invalidInput } from '#kernel/problem';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { Chart } from '#platform/pages/charts/chart';
import { presentChart } from '#platform/pages/charts/present-chart';
import { form_view } from '#platform/pages/forms/form';
import { longText } from '#platform/pages/pieces/hostile-text';
import { line_context, lineForm } from './line-form.ts';

const Link = Type.Object({ label: Type.String(), href: Type.String() });
const months = ['Jan 1, 2026', 'Feb 1, 2026', 'Mar 1, 2026', 'Mar 20, 2026'];
const amounts = ['-$20.00', '-$23.00', '-$23.01', '-$24.00'];
const cells = amounts.map((text) => ({ text, href: `${paths.transactions()}?selector=Receivable` }));
const chart = presentChart(
  {
    id: 'sheet',
    title: 'taxes',
    definition: 'Balance of the accounts of each line over all profiles.',
    kind: 'balance',
    period: 'month',
    bounds: [0, 1, 2, 3].map((month) => new Date(Date.UTC(2026, month))),
    is_running: true,
    series: [
      { role: 'payments', label: 'Sales', values: [-2300, -2301, -2400] },
      { role: 'previous', label: 'Sales, 12 months before', values: [-1800, -1900, -2000] },
    ],
    amounts: { kind: 'money', unit: 'usd' },
    empty: 'No line yet',
  },
  { locale: 'en-US', timezone: 'UTC' },
);
const typical = {
  report: 'taxes',
  definition: 'Balance of the accounts of each line over all profiles, before each instant.',
  years: [
    { label: 'Last 12 months', href: paths.balanceSheet('taxes'), is_current: true },
    { label: '2025', href: paths.balanceSheet('taxes', 2025), is_current: false },
  ],
  chart,
  head: months,
  lines: [
    { title: 'Sales', selector: 'Receivable', rank: 1, cells },
    { title: 'Refunds', selector: 'Refund', rank: 2, cells },
  ],
  may_edit: true,
  csv_url: paths.balanceSheetDownload('taxes'),
  ...lineForm.view({}, line_context),
};
const refused = lineForm.refuse(invalidInput({ title: ['Enter a title.'] }), { title: '', selector: 'Receivable' });

export const balanceSheetPage = definePage(
  'saas/metrics/balances.html',
  Type.Object({
    report: Type.String(),
    definition: Type.String(),
    years: Type.Array(Type.Object({ ...Link.properties, is_current: Type.Boolean() })),
    /** The first lines; null without lines. */
    chart: Type.Union([Chart, Type.Null()]),
    /** Instants of the columns. */
    head: Type.Array(Type.String()),
    lines: Type.Array(
      Type.Object({
        title: Type.String(),
        selector: Type.String(),
        rank: Type.Integer(),
        /** Amounts, with the entries of the ledger behind each. */
        cells: Type.Array(Type.Object({ text: Type.String(), href: Type.String() })),
      }),
    ),
    may_edit: Type.Boolean(),
    csv_url: Type.String(),
    ...form_view,
  }),
  {
    typical,
    empty: { ...typical, chart: null, lines: [] },
    error: { ...typical, ...lineForm.view({}, line_context, refused) },
    long: { ...typical, lines: [{ title: longText, selector: longText.slice(0, 100), rank: 1, cells }] },
    reader: { ...typical, may_edit: false },
  },
  { as: 'broker' },
);
