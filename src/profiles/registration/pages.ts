import type { FastifyReply, FastifyRequest } from 'fastify';
import { invalidInput } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { setSessionCookie } from '#platform/http/cookies';
import { checkedField, type FormProblem, problemToForm, secretField, textField } from '#platform/http/forms';
import { chosenOfferOf } from '#platform/pages/chosen-offer';
import { targetOf } from '#platform/http/next';
import { paths } from '#platform/http/paths';
import { TERMS_OF_USE } from '../agreements/index.ts';
import type { ProfileNeeds } from '../needs.ts';
import { registrationDisabledPage, registrationPage } from './page-types.ts';
import { register, type Registered } from './register.ts';

const config = { access: { kind: 'public' }, page: true } as const;

type RegistrationNeeds = Pick<ProfileNeeds, 'accounts' | 'findChosenOffer'>;

/** Registers the registration page. It creates a personal profile, and an organization if its name is given. */
export function registrationPages(app: App, needs: RegistrationNeeds): void {
  const { accounts: settings } = needs;
  app.get('/register/', { config }, async (request, reply) => {
    if (request.ctx.actor.kind === 'user') return reply.redirect(targetOf(request, paths.app()), 302);
    return show(request, reply, needs, null);
  });
  app.post('/register/', { config }, async (request, reply) => {
    let registered: Registered;
    try {
      registered = await registerByForm(request, needs);
    } catch (error) {
      return show(request, reply, needs, problemToForm(error));
    }
    const { session, user } = registered;
    if (session.cookie_secret !== null) setSessionCookie(reply, session.cookie_secret, settings.token_lifetime_s);
    reply.flash('success', `Welcome, ${user.full_name}.`);
    return reply.redirect(targetOf(request, paths.app()), 303);
  });
}

const fields = { full_name: 100, email: 254, username: 150, organization_name: 100 } as const;

function formOf(body: unknown): Record<keyof typeof fields, string> {
  return {
    full_name: textField(body, 'full_name', fields.full_name),
    email: textField(body, 'email', fields.email),
    username: textField(body, 'username', fields.username),
    organization_name: textField(body, 'organization_name', fields.organization_name),
  };
}

async function registerByForm(request: FastifyRequest, { accounts: settings }: RegistrationNeeds): Promise<Registered> {
  const { ctx, body } = request;
  const form = formOf(body);
  const new_password = secretField(body, 'new_password');
  const errors: Record<string, string[]> = {};
  const required = ['This field is required.'];
  for (const name of ['full_name', 'email'] as const) if (form[name] === '') errors[name] = required;
  if (new_password === '') errors['new_password'] = required;
  else if (![new_password, ''].includes(secretField(body, 'new_password2')))
    errors['new_password2'] = ['The two passwords differ.'];
  if (!checkedField(body, TERMS_OF_USE)) errors[TERMS_OF_USE] = ['Please read and accept the terms of use.'];
  if (Object.keys(errors).length > 0) throw invalidInput(errors);
  const { organization_name, username, ...person } = form;
  return register(
    ctx,
    settings,
    {
      ...person,
      ...(username === '' ? {} : { username }),
      new_password,
      [TERMS_OF_USE]: true,
      type: 'personal',
      ...(organization_name === '' ? {} : { organization_name }),
    },
    { cookie: true },
  );
}

async function show(
  request: FastifyRequest,
  reply: FastifyReply,
  { accounts: settings, findChosenOffer }: RegistrationNeeds,
  problem: FormProblem | null,
): Promise<FastifyReply> {
  const isOpen = request.ctx.site.authentication === 'enabled';
  if (!isOpen) {
    return reply.page(registrationDisabledPage, { reason: 'registration' }, 403);
  }
  return reply.page(
    registrationPage,
    {
      form: formOf(request.body),
      errors: problem?.errors ?? {},
      detail: problem?.detail ?? '',
      with_organization: true,
      chosen: await chosenOfferOf(request, findChosenOffer),
      password_length_min: settings.password_policy.min_length,
    },
    problem?.status ?? 200,
  );
}
