import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '#platform/http/app';
import { problemToForm, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { confirmPage } from '#platform/pages/forms/confirm-page';
import { viewConflict } from '#platform/pages/forms/conflict-view';
import {
  type EditConflict,
  editVersion,
  findEditConflict,
  sentVersion,
  shownVersion,
  VERSION_FIELD,
} from '#platform/pages/forms/edit-version';
import type { Refusal } from '#platform/pages/forms/form';
import { requireTypedName } from '#platform/pages/forms/typed-name';
import type { Site } from '#platform/site';
import { type ExampleNeeds, getExampleSession, keyFields, rotateSessionKey } from '../sessions/index.ts';
import { changeProxy, type ConnectionCheck, editedSettings, testConnection } from '../upstream/index.ts';
import { applicationForm } from './application-form.ts';
import { applicationPage, sessionKeyPage } from './application-page-types.ts';

export interface ApplicationNeeds extends ExampleNeeds {
  readonly private_addresses_allowed: boolean;
}

const options = { config: { access: { kind: 'broker' }, page: true }, schema: { hide: true } } as const;
const changing = { config: { access: { kind: 'broker', manages: true }, page: true }, schema: { hide: true } } as const;

/** Registers the pages of the application behind the site: its settings, and the key of its sessions. */
export function applicationPages(app: App, needs: ApplicationNeeds): void {
  app.get('/proxy/rules/application/', options, async (request, reply) => show(request, reply, needs));
  app.post('/proxy/rules/application/', options, async (request, reply) => {
    const { ctx, body } = request;
    const context = { locale: ctx.lang, timezone: 'UTC' };
    try {
      const input = applicationForm.read(body, context);
      if (textField(body, 'do', 10) === 'test') {
        const check = await testConnection(ctx, input.entry_point, needs);
        return await show(request, reply, needs, { check, entered: input });
      }
      const change = { ...input, session_backend: Number(input.session_backend) };
      await changeProxy(ctx, change, needs, sentVersion(body));
      return await reply.flash('success', 'The settings of your application were saved.').redirect(paths.rules(), 303);
    } catch (error) {
      const refusal = applicationForm.refuse(error, body);
      return show(request, reply, needs, { refusal, conflict: findEditConflict(error) });
    }
  });
  sessionKeyPages(app, needs);
}

interface Shown {
  readonly refusal?: Refusal | null;
  readonly conflict?: EditConflict | null;
  readonly check?: ConnectionCheck;
  /** What the form had when it tested the connection. */
  readonly entered?: Partial<ReturnType<typeof fieldsOf>>;
}

async function show(
  request: FastifyRequest,
  reply: FastifyReply,
  needs: ApplicationNeeds,
  { refusal = null, conflict = null, check, entered = {} }: Shown = {},
): Promise<FastifyReply> {
  const { ctx, subject } = request;
  const context = { locale: ctx.lang, timezone: 'UTC' };
  const values = fieldsOf(ctx.site);
  return reply.header('cache-control', 'no-store').page(
    applicationPage,
    {
      may_edit: subject.is_manager,
      private_addresses_allowed: needs.private_addresses_allowed,
      key_made_at: ctx.site.session_key_rotated_at?.toISOString() ?? null,
      ...applicationForm.view({ ...values, ...entered }, context, refusal),
      ...(conflict === null ? {} : { detail: '' }),
      edit_version: shownVersion(
        { body: request.body, is_kept: refusal !== null && conflict === null },
        editedSettings(ctx.site),
      ),
      conflict: refusal ? viewConflict(applicationForm, { conflict, values, refusal }, context) : null,
      check: check ?? null,
      example: await exampleOf(request, needs),
    },
    refusal?.status ?? 200,
  );
}

function fieldsOf(site: Site) {
  const { entry_point, session_backend, authentication, welcome_email, cors_restricted } = site;
  const backend = String(session_backend) as '0' | '1' | '2'; // the type of the setting
  return { entry_point: entry_point ?? '', session_backend: backend, authentication, welcome_email, cors_restricted };
}

/** Returns what the application receives about the user that the address names. */
async function exampleOf({ ctx, subject, query }: FastifyRequest, needs: ApplicationNeeds) {
  const user = textField(query, 'user', 150);
  if (user === '') return { user, message: '', session: null, header: '' };
  try {
    const found = await getExampleSession(ctx, user, needs, subject);
    return { user, message: '', session: found.forward_session, header: found.forward_session_header };
  } catch (error) {
    return { user, message: problemToForm(error).detail, session: null, header: '' };
  }
}

function sessionKeyPages(app: App, needs: ApplicationNeeds): void {
  app.get('/proxy/rules/application/key/', changing, async (request, reply) => confirmRotation(request, reply));
  app.post('/proxy/rules/application/key/', changing, async (request, reply) => {
    const { ctx, body } = request;
    try {
      requireTypedName(body, ctx.site.slug);
      const session_key = await rotateSessionKey(ctx, needs.secret, sentVersion(body));
      return await reply.header('cache-control', 'no-store').page(sessionKeyPage, { session_key });
    } catch (error) {
      return confirmRotation(request, reply, error);
    }
  });
}

async function confirmRotation(
  { ctx, body }: FastifyRequest,
  reply: FastifyReply,
  error?: unknown,
): Promise<FastifyReply> {
  const problem = error === undefined ? null : problemToForm(error);
  const confirm = {
    title: 'Make a new session key',
    subject: 'The application checks with this key that a request came through this site.',
    effect: [
      { label: 'The new key', note: 'shown once, on the next page', value: 'signs every request from then on' },
      { label: 'The present key', value: 'is not accepted any more, at once' },
      { label: 'Your application', value: 'refuses every request until it has the new key' },
      { label: 'People', value: 'stay signed in to this site' },
    ],
    undo: 'This cannot be undone: the present key never comes back.',
    keep_label: 'Keep the present key',
    keep_url: paths.application(),
    action_label: 'Make a new key',
    hidden: [{ name: VERSION_FIELD, value: editVersion(keyFields(ctx.site)) }],
    typed_name: ctx.site.slug,
  };
  const replaced = error !== undefined && findEditConflict(error) !== null;
  return reply.page(
    confirmPage,
    {
      confirm,
      form: { typed_name: textField(body, 'typed_name', 300) },
      errors: { ...problem?.errors } as Record<string, string[]>, // read only
      detail: replaced ? 'The key was replaced meanwhile. No further key was made.' : (problem?.detail ?? ''),
    },
    problem?.status ?? 200,
  );
}
