import type { FastifyReply, FastifyRequest } from 'fastify';
import { countriesByName } from '#kernel/country';
import { keepLast } from '#kernel/keep-last';
import type { App } from '#platform/http/app';
import { paths } from '#platform/http/paths';
import { viewConflict } from '#platform/pages/forms/conflict-view';
import { type EditConflict, shownVersion, findEditConflict, sentVersion } from '#platform/pages/forms/edit-version';
import type { FormContext } from '#platform/pages/forms/field';
import type { Refusal } from '#platform/pages/forms/form';
import { isBrokerManager, mayEditDetails } from '../policy.ts';
import { getProfileView, presentProfileDetail, type ProfileView } from '../records/index.ts';
import type { ProfileNeeds } from '../needs.ts';
import { ProfileParams } from '../schemas.ts';
import { getProfileId } from '../subject.ts';
import { contactDetailsPage } from './page-types.ts';
import { pickDetails, profileForm } from './profile-form.ts';
import { updateProfile } from './update-profile.ts';

/** Registers the page of the contact details of a profile. */
export function profilePages(app: App, { showSubscriberFile }: Pick<ProfileNeeds, 'showSubscriberFile'>): void {
  const options = {
    config: { access: { kind: 'provider' }, page: true },
    schema: { params: ProfileParams, hide: true },
  } as const;
  app.get(
    '/profile/:profile/',
    { config: { access: { kind: 'authenticated' }, page: true }, schema: { params: ProfileParams, hide: true } },
    async ({ params }, reply) => reply.redirect(paths.profile(params.profile), 302),
  );
  app.get('/profile/:profile/contact/', options, async (request, reply) => {
    const { subject } = request;
    if (subject.relation !== 'provider') return show(request, reply, null);
    return showSubscriberFile(request, reply, (reader) => getProfileView(reader, getProfileId(subject)));
  });
  app.post('/profile/:profile/contact/', options, async (request, reply) => {
    const { ctx, subject, body } = request;
    try {
      const { is_provider, is_bulk_buyer, ...details } = profileForm.read(body, contextOf(request));
      const flags = isBrokerManager(subject) ? { is_provider, is_bulk_buyer } : {};
      const version = sentVersion(body);
      const profile = await updateProfile(ctx, getProfileId(subject), { ...details, ...flags }, subject, { version });
      reply.flash('success', 'Profile was updated.');
      return await reply.redirect(paths.profile(profile.slug), 303);
    } catch (error) {
      return show(request, reply, profileForm.refuse(error, body), findEditConflict(error));
    }
  });
}

/** A language is a value of the reader, so that only the last one is kept. */
const countryOptions = keepLast((lang: string) =>
  countriesByName(lang).map(({ code, name }) => ({ value: code, label: name })),
);
const timezoneOptions = Intl.supportedValuesOf('timeZone').map((name) => ({ value: name, label: name }));

/** Texts of the form. Blank fields are the verb's to refuse, as in the API. */
function contextOf({ ctx }: FastifyRequest): FormContext {
  return { locale: ctx.lang, timezone: 'UTC' };
}

async function show(
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: Refusal | null,
  conflict: EditConflict | null = null,
): Promise<FastifyReply> {
  const { ctx, subject } = request;
  const context = contextOf(request);
  const view = await getProfileView(ctx.db, getProfileId(subject));
  const values = pickDetails(view);
  return reply.page(
    contactDetailsPage,
    {
      profile: presentProfileDetail(view),
      may_edit: mayEditDetails(subject),
      may_set_flags: isBrokerManager(subject),
      countries: countryOptions(ctx.lang),
      timezones: timezoneOptions,
      ...profileForm.view(values, context, refusal),
      ...(conflict === null ? {} : { detail: '' }),
      edit_version: shownVersion({ body: request.body, is_kept: refusal !== null && conflict === null }, values),
      conflict: refusal && viewConflict(profileForm, { conflict, values, refusal }, context),
      picture_url: subject.is_manager && subject.relation !== 'provider' ? paths.profilePicture(view.slug) : null,
      own_user: view.person && isOwn(request, view) ? { username: view.person.username } : null,
    },
    refusal?.status ?? 200,
  );
}

function isOwn({ ctx }: FastifyRequest, view: ProfileView): boolean {
  return ctx.actor.kind === 'user' && view.personal_user_id === ctx.actor.user_id;
}
