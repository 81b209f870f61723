import type { FastifyReply, FastifyRequest } from 'fastify';
import { countriesByName } from '#kernel/country';
import type { App } from '#platform/http/app';
import { checkedField, type FormProblem, problemToForm, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { isBrokerManager, mayEditDetails } from '../policy.ts';
import { getProfileView, presentProfileDetail, type ProfileView } from '../records/index.ts';
import { ProfileParams } from '../schemas.ts';
import { getProfileId } from '../subject.ts';
import { contactDetailsPage } from './page-types.ts';
import { updateProfile } from './update-profile.ts';

const texts = {
  full_name: 100,
  email: 254,
  phone: 50,
  street_address: 150,
  locality: 50,
  region: 50,
  postal_code: 50,
  country: 2,
  default_timezone: 100,
} as const;

/** Registers the page of the contact details of a profile. */
export function profilePages(app: App): void {
  const options = {
    config: { access: { kind: 'provider' }, page: true },
    schema: { params: ProfileParams, hide: true },
  } as const;
  app.get(
    '/profile/:profile/',
    { config: { access: { kind: 'authenticated' }, page: true }, schema: { params: ProfileParams, hide: true } },
    async ({ params }, reply) => reply.redirect(paths.profile(params.profile), 302),
  );
  app.get('/profile/:profile/contact/', options, async (request, reply) => show(request, reply, null));
  app.post('/profile/:profile/contact/', options, async (request, reply) => {
    const { ctx, subject, body } = request;
    try {
      const flags = isBrokerManager(subject)
        ? { is_provider: checkedField(body, 'is_provider'), is_bulk_buyer: checkedField(body, 'is_bulk_buyer') }
        : {};
      const profile = await updateProfile(ctx, getProfileId(subject), { ...formOf(body), ...flags }, subject);
      reply.flash('success', 'Profile was updated.');
      return await reply.redirect(paths.profile(profile.slug), 303);
    } catch (error) {
      return show(request, reply, problemToForm(error));
    }
  });
}

type DetailTexts = Record<keyof typeof texts, string>;

function formOf(body: unknown): DetailTexts {
  return {
    full_name: textField(body, 'full_name', texts.full_name),
    email: textField(body, 'email', texts.email),
    phone: textField(body, 'phone', texts.phone),
    street_address: textField(body, 'street_address', texts.street_address),
    locality: textField(body, 'locality', texts.locality),
    region: textField(body, 'region', texts.region),
    postal_code: textField(body, 'postal_code', texts.postal_code),
    country: textField(body, 'country', texts.country),
    default_timezone: textField(body, 'default_timezone', texts.default_timezone),
  };
}

function pickForm(view: ProfileView): DetailTexts & Pick<ProfileView, 'is_provider' | 'is_bulk_buyer'> {
  const { full_name, email, phone, street_address, locality, region, postal_code, country, default_timezone } = view;
  const { is_provider, is_bulk_buyer } = view;
  const place = { street_address, locality, region, postal_code, country, default_timezone };
  return { full_name, email, phone, ...place, is_provider, is_bulk_buyer };
}

async function show(request: FastifyRequest, reply: FastifyReply, problem: FormProblem | null): Promise<FastifyReply> {
  const { ctx, subject } = request;
  const view = await getProfileView(ctx.db, getProfileId(subject));
  return reply.page(
    contactDetailsPage,
    {
      profile: presentProfileDetail(view),
      may_edit: mayEditDetails(subject),
      may_set_flags: isBrokerManager(subject),
      countries: countriesByName(ctx.lang).map(({ code, name }) => ({ value: code, label: name })),
      timezones: Intl.supportedValuesOf('timeZone').map((name) => ({ value: name, label: name })),
      form: problem ? formOf(request.body) : pickForm(view),
      own_user: view.person && isOwn(request, view) ? { username: view.person.username } : null,
      errors: problem?.errors ?? {},
      detail: problem?.detail ?? '',
    },
    problem?.status ?? 200,
  );
}

function isOwn({ ctx }: FastifyRequest, view: ProfileView): boolean {
  return ctx.actor.kind === 'user' && view.personal_user_id === ctx.actor.user_id;
}
