import type { FastifyReply } from 'fastify';
import type { App } from '#platform/http/app';
import { textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import type { Refusal } from '#platform/pages/forms/form';
import { findContactErrors, recordContact } from '../record-contact.ts';
import { newContactForm } from './new-contact-form.ts';
import { newContactPage } from './new-contact-page-type.ts';
import { note_context } from './note-form.ts';

/** The form that records a person who has no account. */
export function newContactPages(app: App): void {
  const options = {
    config: { access: { kind: 'broker', manages: true }, page: true },
    schema: { hide: true },
  } as const;
  app.get('/activities/new/', options, async (_request, reply) => show(reply, null));
  app.post('/activities/new/', options, async (request, reply) => {
    const { ctx, body } = request;
    try {
      const { contact, user } = await recordContact(ctx, newContactForm.read(body, note_context));
      const text = user
        ? `${contact.full_name} has the account ${user.username} and was linked to it.`
        : `${contact.full_name} was added.`;
      return await reply.flash('success', text).redirect(paths.contacts(user?.username ?? contact.slug), 303);
    } catch (error) {
      const refusal = newContactForm.refuse(error, body);
      const entered = { full_name: 'x', email: textField(body, 'email', 254), phone: textField(body, 'phone', 50) };
      return show(reply, { ...refusal, errors: { ...findContactErrors(entered), ...refusal.errors } });
    }
  });
}

async function show(reply: FastifyReply, refusal: Refusal | null): Promise<FastifyReply> {
  const data = {
    crumbs: [{ label: 'People', href: paths.contacts() }],
    cancel_url: paths.contacts(),
    ...newContactForm.view({}, note_context, refusal),
  };
  return reply.page(newContactPage, data, refusal?.status ?? 200);
}
