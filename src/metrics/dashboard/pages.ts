import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { commonProblems } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { paths } from '#platform/http/paths';
import { csvOfChart } from '#platform/pages/charts/chart-csv';
import { presentChart } from '#platform/pages/charts/present-chart';
import { sendCsv } from '#platform/pages/lists/send-csv';
import { humanizeMoney } from '#platform/templates/humanize-money';
import { findProfileById, type Profile, profileName } from '#profiles';
import { periodBounds } from '../period-bounds.ts';
import { type LatestCharge, type MoneyInPeriod, sumMoneyIn } from './dashboard-store.ts';
import { countText, type FigureWords, statsOf, unitsOf, viewComing } from './view-figures.ts';
import { type Figures, readFigures } from './read-figures.ts';
import { dashboardPage } from './page-types.ts';
import { periodLinks, readShownPeriod, type ShownPeriod, shown_periods } from './shown-period.ts';

type View = (typeof dashboardPage)['samples']['typical'];

const COMING_DAYS = 7;
const DAY_MS = 86_400_000;

/** Home of a provider and of the broker. */
export function dashboardPages(app: App): void {
  const config = { access: { kind: 'direct' }, page: true } as const;
  const schema = { hide: true, params: Type.Object({ profile: Type.String() }) } as const;
  app.get('/metrics/:profile/dashboard/', { config, schema }, async (request, reply) =>
    reply.page(dashboardPage, await viewDashboard(request)),
  );
  const params = Type.Object({ profile: Type.String(), unit: Type.String({ pattern: '^[a-z]{3}$' }) });
  app.get(
    '/metrics/:profile/dashboard/download/:unit/',
    { config, schema: { hide: true, params } },
    async (request, reply) => {
      const { ctx } = request;
      const { id, default_timezone: timezone } = await getProfile(request);
      const period = readShownPeriod(request.query);
      const bounds = boundsOf(period, justAfter(ctx.clock.now()), timezone);
      const chart = chartOf(request.params.unit, { period, bounds, by_period: await sumMoneyIn(ctx.db, id, bounds) });
      return sendCsv(reply, csvOfChart(chart, { locale: ctx.lang, timezone }));
    },
  );
}

/** @throws not_found (404) */
async function getProfile({ ctx, subject }: FastifyRequest): Promise<Profile> {
  const profile = subject.profile_id === null ? undefined : await findProfileById(ctx.db, subject.profile_id);
  if (!profile) throw commonProblems.not_found();
  return profile;
}

function boundsOf(period: ShownPeriod, end: Date, timezone: string): Date[] {
  const { type, count } = shown_periods[period];
  return periodBounds(end, type, count, timezone);
}

/** Exclusive end of a time that includes this instant. */
const justAfter = (at: Date) => new Date(at.getTime() + 1);

async function viewDashboard(request: FastifyRequest): Promise<View> {
  const { ctx } = request;
  const profile = await getProfile(request);
  const { id, slug, default_timezone: timezone } = profile;
  const now = ctx.clock.now();
  const end = justAfter(now);
  const period = readShownPeriod(request.query);
  const bounds = boundsOf(period, end, timezone);
  const week = new Date(now.getTime() + COMING_DAYS * DAY_MS);
  const figures = await readFigures(ctx.db, id, { bounds, now, end, week, timezone });
  const is_broker = id === ctx.site.broker_id;
  const charges = is_broker ? paths.charges() : paths.transfers(slug);
  const units = unitsOf(figures);
  const reader = { locale: ctx.lang, timezone };
  const money = (amount: number, unit: string) => humanizeMoney({ amount, unit }, ctx.lang);
  return {
    profile: { slug, printable_name: profileName(profile) },
    periods: periodLinks(slug, period),
    stats: units.flatMap((unit) =>
      statsOf(unit, figures, { slug, period, bounds, money, is_only: units.length === 1 }),
    ),
    charts: units.map((unit) =>
      presentChart(
        {
          ...chartOf(unit, { period, bounds, by_period: figures.by_period }),
          csv_href: paths.dashboardDownload(slug, unit, period),
        },
        reader,
      ),
    ),
    todos: [
      ...todosOf(figures, { charges: is_broker ? paths.charges() : null, profile, money }),
      ...(is_broker && ctx.site.entry_point === null ? [setUpTodo(slug)] : []),
    ],
    coming: viewComing(figures.coming, slug, { from: now, until: week }),
    latest: figures.latest.map(viewLatest),
    links: {
      money: paths.transfers(slug),
      subscribers: paths.subscribers(slug),
      charges,
      charges_label: is_broker ? 'All charges' : 'All transactions',
    },
  };
}

function viewLatest(charge: LatestCharge): View['latest'][number] {
  const { processor_key, customer_slug, customer_name, title, amount, unit, state, created_at } = charge;
  return {
    href: paths.receipt(customer_slug, processor_key),
    customer: customer_name,
    description: title,
    money: { amount, unit },
    state,
    created_at: new Date(created_at).toISOString(),
  };
}

interface Charted {
  period: ShownPeriod;
  bounds: readonly Date[];
  by_period: readonly MoneyInPeriod[];
}

function chartOf(unit: string, { period, bounds, by_period }: Charted) {
  const valuesOf = (of: (sums: MoneyInPeriod) => number) =>
    Array.from({ length: bounds.length - 1 }, (_, index) => {
      const sums = by_period.find((each) => each.unit === unit && each.period === index + 1);
      return sums === undefined ? 0 : of(sums);
    });
  return {
    id: `money-in-${unit}`,
    title: 'Money in',
    definition: `Payments received in the ${period}, by the day of the payment, before fees. Refunds and disputes are below the line.`,
    kind: 'flow',
    period,
    bounds,
    is_running: true,
    series: [
      { role: 'payments', label: 'Payments', values: valuesOf(({ paid }) => paid) },
      { role: 'losses', label: 'Refunds and disputes', values: valuesOf(({ lost }) => (lost === 0 ? 0 : -lost)) },
    ],
    amounts: { kind: 'money', unit },
    total: 'Net',
    empty: 'No payments yet',
  } as const;
}

function todosOf(
  { troubled, counts }: Pick<Figures, 'troubled' | 'counts'>,
  { charges, profile, money }: { charges: string | null; profile: Profile; money: FigureWords['money'] },
): View['todos'] {
  const lists = paths.subscribers(profile.slug);
  const requests = counts.reduce((sum, { requests_count }) => sum + requests_count, 0);
  return [
    ...troubled.map(({ state, unit, charges_count, amount }): View['todos'][number] => ({
      icon: state === 'disputed' ? 'alert' : 'x',
      tone: 'bad',
      text: `${countText(charges_count, state === 'disputed' ? 'dispute' : 'failed charge')}, ${money(amount, unit)}`,
      note: state === 'disputed' ? 'Answer it at the processor.' : 'In the last 30 days.',
      href: charges === null ? paths.transfers(profile.slug) : `${charges}?state=${state}`,
    })),
    ...(requests === 0
      ? []
      : [
          {
            icon: 'clock',
            tone: 'warn' as const,
            text: `${countText(requests, 'request')} to approve`,
            note: 'Subscribers wait for your answer.',
            href: lists,
          },
        ]),
  ];
}

function setUpTodo(slug: string): View['todos'][number] {
  return {
    icon: 'flag',
    tone: 'warn',
    text: 'Finish the set-up',
    note: 'The site does not know the address of your application.',
    href: paths.setUp(slug),
  };
}
