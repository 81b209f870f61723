import { presentUser, UserDetailSchema } from '#accounts';
import { inputProblems } from '#kernel/problem';
import { quotaProblems } from '#platform/security/quota';
import type { App } from '#platform/http/app';
import { Detail, listQuerystring } from '#platform/http/schemas';
import { type Throttle, throttleProblems } from '#platform/security/throttle';
import { activityList } from './activity-store.ts';
import { addActivity } from './add-activity.ts';
import { directoryList, listDirectory } from './directory-store.ts';
import { getContactByName, listNotes } from './get-contact-by-name.ts';
import { presentActivities } from './present-activity.ts';
import { presentLead } from './present-lead.ts';
import { contactProblems } from './problems.ts';
import { recordContact } from './record-contact.ts';
import {
  ActivityCreateBody,
  ActivityCreated,
  ActivityPage,
  ContactCreateBody,
  MessageBody,
  UserPage,
  UserParams,
} from './schemas.ts';
import { sendMessage } from './send-message.ts';

const access = { kind: 'broker' } as const;

export function contactsRoutes(app: App, needs: { throttle: Throttle }): void {
  directoryRoutes(app);
  activityRoutes(app);
  app.post(
    '/api/contact',
    {
      config: {
        access: { kind: 'public' },
        problems: [inputProblems.invalid_input, throttleProblems.too_many_requests],
      },
      schema: {
        tags: ['content'],
        summary: 'Sends a message to the operator',
        description:
          'Sends a message to the broker, or to the provider that is named. Replies go to the address of the sender.',
        body: MessageBody,
        response: { 200: Detail },
      },
    },
    async ({ ctx, body }) => {
      await sendMessage(ctx, needs.throttle, body);
      return { detail: 'Your request has been sent. We will reply within 24 hours. Thank you.' };
    },
  );
}

function directoryRoutes(app: App): void {
  app.get(
    '/api/users',
    {
      config: { access },
      schema: {
        tags: ['profile'],
        summary: 'Lists users and contacts',
        description: 'Lists the users of the site, with contacts that have no account.',
        querystring: listQuerystring(directoryList),
        response: { 200: UserPage },
      },
    },
    async (request) => listDirectory(request.ctx.db, request.list(), request.listUrl),
  );
  app.post(
    '/api/users',
    {
      config: { access, problems: [inputProblems.invalid_input] },
      schema: {
        tags: ['profile'],
        summary: 'Creates a contact',
        description: 'Records a contact: a person who has no account yet.',
        body: ContactCreateBody,
        response: { 201: UserDetailSchema },
      },
    },
    async ({ ctx, body }, reply) => {
      const { contact, user } = await recordContact(ctx, body);
      const shown = user ? presentUser(user) : presentLead(contact);
      return reply
        .status(201)
        .header('location', `/api/users/${encodeURIComponent(shown.slug)}`)
        .send(shown);
    },
  );
}

function activityRoutes(app: App): void {
  const url = '/api/contacts/:user/activities';
  app.get(
    url,
    {
      config: { access, problems: [contactProblems.contact_unknown] },
      schema: {
        tags: ['profile'],
        summary: 'Lists the notes about a contact',
        description: 'Lists the notes of the site about a user or a contact, newest first.',
        params: UserParams,
        querystring: listQuerystring(activityList),
        response: { 200: ActivityPage },
      },
    },
    async (request) => {
      const { ctx, params } = request;
      const page = await listNotes(ctx.db, params.user, request.list(), request.listUrl);
      // A user without notes may have no contact.
      if (page.count === 0 && (await getContactByName(ctx.db, params.user)) === null)
        throw contactProblems.contact_unknown();
      return { ...page, results: await presentActivities(ctx.db, page.results) };
    },
  );
  app.post(
    url,
    {
      config: {
        access,
        problems: [contactProblems.contact_unknown, inputProblems.invalid_input, quotaProblems.quota_exceeded],
      },
      schema: {
        tags: ['profile'],
        summary: 'Records a note about a contact',
        description: 'Records a note about a user or a contact. Only managers of the broker can read it.',
        params: UserParams,
        body: ActivityCreateBody,
        response: { 201: ActivityCreated },
      },
    },
    async ({ ctx, params, body }, reply) => {
      const activity = await addActivity(ctx, params.user, body);
      return reply.status(201).send({ text: activity.text, account: body.account });
    },
  );
}
