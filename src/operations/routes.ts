import { Type } from 'typebox';
import type { OutboxEventId } from '#platform/db/db-schema';
import { listProblems } from '#platform/db/list';
import type { App } from '#platform/http/app';
import { listQuerystring, PageOf } from '#platform/http/schemas';
import { failedWorkList, listFailedWork, listSchedules, scheduleList } from '#platform/jobs/work-store';
import { listParked, parkedList } from '#billing';
import {
  ignoreMessage,
  listParkedMessages,
  MESSAGE_REASON_LENGTH_MAX,
  parkedMessageList,
  paymentsProblems,
  retryMessage,
} from '#payments';
import { retryParked } from './retry-parked.ts';
import { presentFailedWork, presentMessage, presentParked, presentSchedule } from './present-work.ts';
import { operationProblems } from './problems.ts';
import { retryAllWork, retryWork } from './retry-work.ts';
import {
  failed_states,
  FailedWorkSchema,
  IgnoredSchema,
  ParkedMessageSchema,
  ParkedProfileSchema,
  RetriedSchema,
  run_outcomes,
  ScheduleSchema,
  work_kinds,
} from './schemas.ts';

const access = { kind: 'broker' } as const;
const tags = ['jobs'];

/** The API of background work, for the broker. */
export function operationRoutes(app: App): void {
  app.get(
    '/api/jobs',
    {
      config: { access, problems: [listProblems.page_out_of_range] },
      schema: {
        tags,
        summary: 'Lists the schedules',
        description: 'Lists the scheduled jobs of the site with their last and next run.',
        querystring: Type.Object({
          ...listQuerystring(scheduleList).properties,
          outcome: Type.Optional(Type.Enum([...run_outcomes])),
        }),
        response: { 200: PageOf(ScheduleSchema) },
      },
    },
    async (request) => {
      const filter = { outcome: request.query.outcome ?? null };
      const page = await listSchedules(request.ctx.db, filter, request.list(), request.listUrl);
      return { ...page, results: page.results.map(presentSchedule) };
    },
  );

  app.get(
    '/api/jobs/failed',
    {
      config: { access, problems: [listProblems.page_out_of_range] },
      schema: {
        tags,
        summary: 'Lists failed work',
        description: 'Lists events and enqueued jobs whose last attempt failed, the newest first.',
        querystring: Type.Object({
          ...listQuerystring(failedWorkList).properties,
          state: Type.Optional(Type.Enum([...failed_states])),
          kind: Type.Optional(Type.Enum([...work_kinds])),
        }),
        response: { 200: PageOf(FailedWorkSchema) },
      },
    },
    async (request) => {
      const { state = null, kind = null } = request.query;
      const page = await listFailedWork(request.ctx.db, { state, kind }, request.list(), request.listUrl);
      return { ...page, results: await presentFailedWork(request.ctx.db, page.results) };
    },
  );
  parkedRoutes(app);
  messageRoutes(app);
  retryRoutes(app);
}

function parkedRoutes(app: App): void {
  app.get(
    '/api/jobs/parked',
    {
      config: { access, problems: [listProblems.page_out_of_range] },
      schema: {
        tags,
        summary: 'Lists parked profiles',
        description: 'Lists the profiles whose books break a rule, so that a job leaves them alone until a retry.',
        querystring: listQuerystring(parkedList),
        response: { 200: PageOf(ParkedProfileSchema) },
      },
    },
    async (request) => {
      const page = await listParked(request.ctx.db, request.list(), request.listUrl);
      return { ...page, results: page.results.map(presentParked) };
    },
  );

  app.post(
    '/api/jobs/parked/:parked_profile/retry',
    {
      config: { access, problems: [operationProblems.parked_profile_unknown] },
      schema: {
        tags,
        summary: 'Retries a parked profile',
        description: 'Releases a profile: the next run of the job tries it again. Records who did so.',
        params: Type.Object({ parked_profile: Type.String({ minLength: 1, maxLength: 150 }) }),
        body: Type.Object({ job: Type.String({ maxLength: 100 }) }),
        response: { 200: RetriedSchema },
      },
    },
    async ({ ctx, params, body }) => {
      await retryParked(ctx, params.parked_profile, body.job);
      return { count: 1 };
    },
  );
}

function messageRoutes(app: App): void {
  app.get(
    '/api/jobs/messages',
    {
      config: { access, problems: [listProblems.page_out_of_range] },
      schema: {
        tags,
        summary: 'Lists parked messages',
        description: 'Lists the messages of payment processors that could not be handled, the last one first.',
        querystring: listQuerystring(parkedMessageList),
        response: { 200: PageOf(ParkedMessageSchema) },
      },
    },
    async (request) => {
      const page = await listParkedMessages(request.ctx.db, request.list(), request.listUrl);
      return { ...page, results: page.results.map(presentMessage) };
    },
  );

  const params = Type.Object({ event_key: Type.String({ minLength: 1, maxLength: 255 }) });
  const problems = [paymentsProblems.message_unknown, paymentsProblems.message_not_parked];
  app.post(
    '/api/jobs/messages/:event_key/retry',
    {
      config: { access, problems },
      schema: {
        tags,
        summary: 'Retries a parked message',
        description: 'Makes one message of a payment processor due again, and records who did so.',
        params,
        response: { 200: RetriedSchema },
      },
    },
    async ({ ctx, params: { event_key } }) => {
      await retryMessage(ctx, event_key);
      return { count: 1 };
    },
  );
  app.post(
    '/api/jobs/messages/:event_key/ignore',
    {
      config: { access, problems },
      schema: {
        tags,
        summary: 'Ignores a parked message',
        description: 'Closes one message of a payment processor without an effect; records the reason and who gave it.',
        params,
        body: Type.Object({ reason: Type.String({ minLength: 1, maxLength: MESSAGE_REASON_LENGTH_MAX }) }),
        response: { 200: IgnoredSchema },
      },
    },
    async ({ ctx, params: { event_key }, body }) => {
      await ignoreMessage(ctx, event_key, body.reason);
      return { count: 1 };
    },
  );
}

function retryRoutes(app: App): void {
  app.post(
    '/api/jobs/failed/retry',
    {
      config: { access },
      schema: {
        tags,
        summary: 'Retries all parked work',
        description: 'Makes all parked events and jobs due again, and records who did so.',
        response: { 200: RetriedSchema },
      },
    },
    async ({ ctx }) => ({ count: await retryAllWork(ctx) }),
  );

  app.post(
    '/api/jobs/failed/:work_id/retry',
    {
      config: { access, problems: [operationProblems.failed_work_unknown, operationProblems.work_not_parked] },
      schema: {
        tags,
        summary: 'Retries parked work',
        description: 'Makes one parked event or job due again, and records who did so.',
        params: Type.Object({ work_id: Type.String({ pattern: '^[0-9]{1,15}$' }) }),
        response: { 200: RetriedSchema },
      },
    },
    async ({ ctx, params }) => {
      await retryWork(ctx, Number(params.work_id) as OutboxEventId); // the pattern of the parameter: digits
      return { count: 1 };
    },
  );
}
