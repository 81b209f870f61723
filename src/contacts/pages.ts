import type { FastifyReply, FastifyRequest } from 'fastify';
import { findUserById } from '#accounts';
import { invalidInput } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { type FormProblem, problemToForm, textField } from '#platform/http/forms';
import { safeNext } from '#platform/http/next';
import type { Throttle } from '#platform/security/throttle';
import { contactPage } from './page-types.ts';
import { sendMessage } from './send-message.ts';

/** Registers the contact form, which is filled in with the name and address of a signed-in sender. */
export function contactsPages(app: App, needs: { throttle: Throttle }): void {
  const options = { config: { access: { kind: 'public' }, page: true }, schema: { hide: true } } as const;
  app.get('/contact/', options, async (request, reply) => show(request, reply, null));
  app.post('/contact/', options, async (request, reply) => {
    const { ctx, body } = request;
    try {
      const message = textField(body, 'message', 10_000);
      if (message === '') throw invalidInput({ message: ['This field may not be blank.'] });
      const sender = { full_name: textField(body, 'full_name', 100), email: textField(body, 'email', 254) };
      await sendMessage(ctx, needs.throttle, { ...sender, message });
    } catch (error) {
      return show(request, reply, problemToForm(error));
    }
    const next = safeNext(request.listUrl.searchParams.get('next'));
    if (next === null) return reply.page(contactPage, { sent: true });
    reply.flash('success', 'Thank you. Your message was sent; we will reply by e-mail.');
    return reply.redirect(next, 303);
  });
}

async function show(request: FastifyRequest, reply: FastifyReply, problem: FormProblem | null): Promise<FastifyReply> {
  const { ctx, body } = request;
  const sender = ctx.actor.kind === 'user' ? await findUserById(ctx.db, ctx.actor.user_id) : undefined;
  const form = {
    full_name: textField(body, 'full_name', 100) || sender?.full_name || '',
    email: textField(body, 'email', 254) || sender?.email || '',
    message: textField(body, 'message', 10_000),
  };
  const { status = 200, errors = {}, detail = '' } = problem ?? {};
  return reply.page(contactPage, { sent: false, form, errors, detail }, status);
}
