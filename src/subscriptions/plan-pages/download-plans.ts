import type { FastifyReply, FastifyRequest } from 'fastify';
import { listPlans, type Plan } from '#catalog';
import type { ListQuery } from '#kernel/page';
import { askList } from '#platform/pages/lists/ask-list';
import type { CsvColumn } from '#platform/pages/lists/csv-cell';
import { csvOfPages } from '#platform/pages/lists/csv-of';
import { sendCsv } from '#platform/pages/lists/send-csv';
import { countActiveByPlan } from '../records/index.ts';
import { getSubjectProfile } from '../route-subject.ts';
import { plansList } from './page-types.ts';

/** Sends the plans of a provider as CSV, with the filters of their list. */
export async function downloadPlans(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { ctx, subject, listUrl } = request;
  const provider = await getSubjectProfile(ctx, subject);
  const asked = askList(request, plansList, provider.default_timezone);
  const filter = { profile_id: provider.id, ...(asked.tab === '' ? {} : { is_active: asked.tab === 'true' }) };
  const read = async (list: ListQuery) => {
    const page = await listPlans(ctx.db, filter, list, listUrl);
    const ids = page.results.map(({ id }) => id);
    const subscribers = await countActiveByPlan(ctx.db, ids, ctx.clock.now());
    return {
      ...page,
      results: page.results.map((plan) => ({ ...plan, subscribers_count: subscribers.get(plan.id) ?? 0 })),
    };
  };
  return sendCsv(reply, csvOfPages(asked, { name: 'plans', columns, read }));
}

/** @see docs/decisions/0064-downloads-of-lists.md */
const columns: readonly CsvColumn<Plan & { subscribers_count: number }>[] = [
  { heading: 'Created at', kind: 'day', value: ({ created_at }) => created_at },
  { heading: 'Slug', kind: 'text', value: ({ slug }) => slug },
  { heading: 'Title', kind: 'text', value: ({ title }) => title },
  { heading: 'On sale', kind: 'text', value: ({ is_active }) => (is_active ? 'yes' : 'no') },
  {
    heading: 'Price',
    kind: 'decimal',
    value: ({ is_not_priced, period_amount }) => (is_not_priced ? null : period_amount),
  },
  { heading: 'Unit', kind: 'text', value: ({ unit }) => unit },
  { heading: 'Periods', kind: 'number', value: ({ period_length }) => period_length },
  { heading: 'Period', kind: 'text', value: ({ period_type }) => period_type },
  { heading: 'Subscribers', kind: 'number', value: ({ subscribers_count }) => subscribers_count },
];
