import type { FastifyReply, FastifyRequest } from 'fastify';
import { type PlanSummary, planSummary } from '#catalog';
import type { App } from '#platform/http/app';
import { type FormProblem, problemToForm, textField } from '#platform/http/forms';
import { withNext } from '#platform/http/next';
import { paths } from '#platform/http/paths';
import { chooseOne, pickCandidate } from '#platform/pages/forms/candidates';
import type { Refusal } from '#platform/pages/forms/form';
import { type AskedList, askList } from '#platform/pages/lists/ask-list';
import type { CsvColumn } from '#platform/pages/lists/csv-cell';
import { csvOfPages } from '#platform/pages/lists/csv-of';
import { addressOfList } from '#platform/pages/lists/list-address';
import { viewList } from '#platform/pages/lists/list-view';
import { type CsvFile, sendCsv } from '#platform/pages/lists/send-csv';
import type { Throttle } from '#platform/security/throttle';
import { countInvitation, findProfileCandidates, presentProfileDetail, type Profile, profileName } from '#profiles';
import { acceptRequest, grantSubscription, type Granted } from '../invitations/index.ts';
import { subscriptionProblems } from '../problems.ts';
import { getSubjectId } from '../route-subject.ts';
import { PlanParams, ProfileParams } from '../schemas.ts';
import { addForm } from './add-form.ts';
import { granteeOf, toFormProblem } from './grantee-fields.ts';
import { loadProvider, loadSubscriberPage, loadSubscribers, type SubscribersAsked } from './load-subscribers.ts';
import { planSubscribersList, planSubscribersPage, subscribersList, subscribersPage } from './page-types.ts';
import { contactDetailsOf, type Subscriber, type SubscriberReader, viewSubscriber } from './subscriber-row.ts';

/** What the pages of subscribers need besides the context. */
export interface SubscriberPageNeeds {
  throttle: Throttle;
  provider_grace_days: number;
}

const config = { access: { kind: 'direct' }, page: true } as const;

/** The subscribers of a provider: to all of its plans, and to one plan with the form that adds a subscriber. */
export function subscriberPages(app: App, needs: SubscriberPageNeeds): void {
  providerPages(app, needs);
  planPages(app, needs);
}

function providerPages(app: App, needs: SubscriberPageNeeds): void {
  const schema = { hide: true, params: ProfileParams };
  const url = '/profile/:profile/subscribers/';
  app.get(url, { config, schema }, async (request, reply) => showAll(request, reply, needs, null));
  app.post(url, { config, schema }, async (request, reply) => {
    try {
      reply.flash('success', await acceptPosted(request));
    } catch (error) {
      return showAll(request, reply, needs, problemToForm(error));
    }
    return reply.redirect(pageAddress(request), 303);
  });
  app.get(`${url}download/`, { config, schema }, async (request, reply) => {
    const { provider } = await loadProvider(request.ctx, getSubjectId(request.subject));
    const asked = askList(request, subscribersList, provider.default_timezone);
    const which = askedOf(provider, asked.filters.plan, asked);
    return sendCsv(reply, csvOf(request, asked, which, readerOf(request, provider, needs)));
  });
}

function planPages(app: App, needs: SubscriberPageNeeds): void {
  const schema = { hide: true, params: PlanParams };
  const url = '/profile/:profile/plans/:plan/subscribers/';
  const planned = { ...config, problems: [subscriptionProblems.plan_not_provided] };
  app.get(url, { config: planned, schema }, async (request, reply) =>
    showPlan(request, reply, needs, { slug: request.params.plan }),
  );
  app.post(url, { config: planned, schema }, async (request, reply) => {
    const slug = request.params.plan;
    try {
      const is_accepted = textField(request.body, 'action', 20) === 'accept';
      const text = is_accepted ? await acceptPosted(request) : await addPosted(request, slug, needs);
      if (typeof text !== 'string') {
        const refusal = addForm.refuse(chooseOne('subscriber', text.length), request.body);
        return await showPlan(request, reply, needs, { slug, refusal, candidates: [...text] });
      }
      reply.flash('success', text);
    } catch (error) {
      const refusal = addForm.refuse(toFormProblem(error), request.body);
      return showPlan(request, reply, needs, { slug, refusal });
    }
    return reply.redirect(pageAddress(request), 303);
  });
  app.get(`${url}download/`, { config: planned, schema }, async (request, reply) => {
    const { provider, plan } = await loadPlan(request, request.params.plan);
    const asked = askList(request, planSubscribersList, provider.default_timezone);
    const which = askedOf(provider, plan.slug, asked);
    return sendCsv(reply, csvOf(request, asked, which, readerOf(request, provider, needs)));
  });
}

async function showAll(
  request: FastifyRequest,
  reply: FastifyReply,
  needs: SubscriberPageNeeds,
  problem: FormProblem | null,
): Promise<FastifyReply> {
  const { provider, plans } = await loadProvider(request.ctx, getSubjectId(request.subject));
  const asked = askList(request, subscribersList, provider.default_timezone);
  const view = await viewSubscribers(request, asked, {
    which: askedOf(provider, asked.filters.plan, asked),
    reader: readerOf(request, provider, needs),
    csv_path: paths.subscribersDownload(provider.slug),
    options: { plan: plans.map(({ slug, title }) => ({ value: slug, label: title })) },
  });
  const only = plans.length === 1 ? plans[0] : plans.find(({ slug }) => slug === asked.filters.plan);
  return reply.page(
    subscribersPage,
    {
      profile: viewProvider(provider),
      ...view,
      add_url: only && request.subject.is_manager ? paths.planSubscribers(provider.slug, only.slug) : null,
      errors: problem?.errors ?? {},
      detail: problem?.detail ?? '',
    },
    problem?.status ?? 200,
  );
}

interface AddingState {
  slug: string;
  refusal?: Refusal;
  candidates?: { value: string; label: string; note?: string }[];
}

async function showPlan(
  request: FastifyRequest,
  reply: FastifyReply,
  needs: SubscriberPageNeeds,
  { slug, refusal, candidates }: AddingState,
): Promise<FastifyReply> {
  const { ctx } = request;
  const { provider, plan } = await loadPlan(request, slug);
  const asked = askList(request, planSubscribersList, provider.default_timezone);
  const view = await viewSubscribers(request, asked, {
    which: askedOf(provider, plan.slug, asked),
    reader: readerOf(request, provider, needs),
    csv_path: paths.planSubscribersDownload(provider.slug, plan.slug),
  });
  const context = { locale: ctx.lang, timezone: provider.default_timezone };
  return reply.page(
    planSubscribersPage,
    {
      profile: viewProvider(provider),
      plan: planSummary(plan),
      crumbs: [
        { label: 'Plans', href: paths.plans(provider.slug) },
        { label: plan.title, href: paths.plan(provider.slug, plan.slug) },
      ],
      ...view,
      may_add: request.subject.is_manager,
      is_adding: refusal !== undefined,
      candidates: candidates === undefined ? {} : { subscriber: candidates },
      ...addForm.view({}, context, refusal ?? null),
    },
    refusal?.status ?? 200,
  );
}

/** @throws plan_not_provided (404) */
async function loadPlan(request: FastifyRequest, slug: string): Promise<{ provider: Profile; plan: PlanSummary }> {
  const { provider, plans } = await loadProvider(request.ctx, getSubjectId(request.subject));
  const plan = plans.find((each) => each.slug === slug.toLowerCase());
  if (!plan) throw subscriptionProblems.plan_not_provided();
  return { provider, plan };
}

function askedOf(
  provider: Profile,
  plan: string | null,
  { tab, list }: Pick<AskedList<typeof subscribersList>, 'tab' | 'list'>,
): SubscribersAsked {
  return { provider_id: provider.id, plan, tab, list };
}

interface ListParts {
  which: SubscribersAsked;
  reader: SubscriberReader;
  csv_path: string;
  options?: Readonly<Record<string, readonly { value: string; label: string }[]>>;
}

async function viewSubscribers(
  request: FastifyRequest,
  asked: AskedList,
  { which, reader, csv_path, options }: ListParts,
) {
  const { page, counts } = await loadSubscriberPage(request.ctx, which, request.listUrl);
  const list = viewList(asked, {
    count: page.count,
    empty: {
      title: 'Your subscribers will be listed here',
      text: 'No subscription was bought yet.',
    },
    tab_counts: { '': counts.all, active: counts.active, ended: counts.ended, requested: counts.requested },
    csv_path,
    ...(options === undefined ? {} : { options }),
  });
  const list_url = (path: string) => withNext(path, list.list_url);
  return { subscribers: page.results.map((each, index) => viewSubscriber(each, reader, { index, list_url })), list };
}

function readerOf({ ctx, subject }: FastifyRequest, provider: Profile, needs: SubscriberPageNeeds): SubscriberReader {
  return {
    provider,
    may_edit: subject.is_manager,
    is_broker: subject.relation === 'broker' || provider.id === ctx.site.broker_id,
    grace_days: needs.provider_grace_days,
    at: ctx.clock.now(),
  };
}

function viewProvider(provider: Profile) {
  return { slug: provider.slug, printable_name: profileName(provider), picture: provider.picture };
}

/** Returns the address of the list that was posted to, with its filters. */
function pageAddress(request: FastifyRequest): string {
  return addressOfList({ path: request.listUrl.pathname, params: request.listUrl.searchParams });
}

async function acceptPosted({ ctx, subject, body }: FastifyRequest): Promise<string> {
  const { plan } = await acceptRequest(ctx, getSubjectId(subject), textField(body, 'key', 100));
  return `The request was accepted. There is a new subscriber to ${plan.title}.`;
}

/** Adds the posted subscriber; returns the message for the reader, or the profiles found for the text. */
async function addPosted(request: FastifyRequest, plan: string, needs: SubscriberPageNeeds) {
  const { ctx, subject, body } = request;
  const fields = addForm.read(body, { locale: ctx.lang, timezone: 'UTC' });
  const picked = await pickCandidate(body, 'subscriber', async (text) =>
    (await findProfileCandidates(ctx, text)).map(({ slug, printable_name }) => ({
      value: slug,
      label: printable_name,
      note: slug,
    })),
  );
  if ('candidates' in picked) return picked.candidates;
  await countInvitation(ctx, needs.throttle);
  const { profile, force } = granteeOf(picked.value, fields.full_name);
  const input = { profile, message: fields.message === '' ? null : fields.message };
  return describeGrant(await grantSubscription(ctx, { provider_id: getSubjectId(subject), plan }, input, { force }));
}

function describeGrant({ subscription, plan, is_new }: Granted): string {
  if (subscription.grant_key !== null) return `The invitation to ${plan.title} was sent.`;
  return is_new ? `There is a new subscriber to ${plan.title}.` : `This profile subscribes to ${plan.title} already.`;
}

function csvOf(
  request: FastifyRequest,
  asked: AskedList,
  which: SubscribersAsked,
  reader: SubscriberReader,
): CsvFile<Subscriber> {
  const detail = (name: keyof ReturnType<typeof contactDetailsOf>, heading: string): CsvColumn<Subscriber> => ({
    heading,
    kind: 'text',
    value: (row) => contactDetailsOf(row, reader)[name],
  });
  const columns: CsvColumn<Subscriber>[] = [
    { heading: 'Name', kind: 'text', value: ({ profile }) => presentProfileDetail(profile).printable_name },
    detail('email', 'Email'),
    { heading: 'Plan', kind: 'text', value: ({ plan }) => plan.title },
    { heading: 'Since', kind: 'day', value: ({ subscription }) => subscription.created_at },
    { heading: 'Until', kind: 'day', value: ({ subscription }) => subscription.ends_at },
    detail('phone', 'Phone'),
    detail('street_address', 'Street'),
    detail('locality', 'Locality'),
    detail('region', 'Region'),
    detail('postal_code', 'Postal code'),
    detail('country', 'Country'),
  ];
  const read = (list: SubscribersAsked['list']) => loadSubscribers(request.ctx, { ...which, list }, request.listUrl);
  return csvOfPages(asked, { name: 'subscribers', columns, read });
}
