import type { FastifyReply, FastifyRequest } from 'fastify';
import { invalidInput } from '#kernel/problem';
import { findUserById, printableName } from '#accounts';
import type { App } from '#platform/http/app';
import { type FormProblem, problemToForm, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { readUploadedForm, uploadedFile } from '#platform/http/uploaded-form';
import type { Throttle } from '#platform/security/throttle';
import { profileProblems } from '../problems.ts';
import { findProfileById, profileName } from '../records/index.ts';
import { ProfileParams, UserParams } from '../schemas.ts';
import { getProfileId, getUserId } from '../subject.ts';
import { picturePage } from './page-types.ts';
import { removePicture, setPicture } from './set-picture.ts';

interface ShownOwner {
  name: string;
  picture: string | null;
  back_url: string;
}

type FindOwner = (request: FastifyRequest) => Promise<ShownOwner>;

/** Registers the pages that set and remove the picture of a user and of a profile. */
export function picturePages(app: App, throttle: Throttle): void {
  const ofUser = {
    config: { access: { kind: 'self-only' }, page: true },
    schema: { hide: true, params: UserParams },
  } as const;
  const ofProfile = {
    config: { access: { kind: 'direct', manages: true }, page: true },
    schema: { hide: true, params: ProfileParams },
  } as const;
  app.get('/users/:user/picture/', ofUser, async (request, reply) => show(reply, await findUserOwner(request)));
  app.post('/users/:user/picture/', { ...ofUser, preValidation: readUploadedForm }, async (request, reply) =>
    save(request, reply, throttle, findUserOwner),
  );
  app.get('/profile/:profile/picture/', ofProfile, async (request, reply) =>
    show(reply, await findProfileOwner(request)),
  );
  app.post('/profile/:profile/picture/', { ...ofProfile, preValidation: readUploadedForm }, async (request, reply) =>
    save(request, reply, throttle, findProfileOwner),
  );
}

async function save(
  request: FastifyRequest,
  reply: FastifyReply,
  throttle: Throttle,
  findOwner: FindOwner,
): Promise<FastifyReply> {
  const { ctx, subject, body } = request;
  const owner = await findOwner(request);
  try {
    if (textField(body, 'action', 10) === 'remove') {
      await removePicture(ctx, subject);
      reply.flash('success', 'The picture was removed.');
    } else {
      const file = uploadedFile(request);
      if (file === null) throw invalidInput({ file: ['Choose a picture.'] });
      await setPicture(ctx, throttle, subject, file);
      reply.flash('success', 'The picture was saved.');
    }
  } catch (error) {
    return show(reply, owner, problemToForm(error));
  }
  return reply.redirect(owner.back_url, 303);
}

async function show(reply: FastifyReply, owner: ShownOwner, problem: FormProblem | null = null): Promise<FastifyReply> {
  const errors = problem?.errors ?? {};
  const detail = problem?.detail ?? '';
  return reply.page(picturePage, { owner, form: {}, errors, detail }, problem?.status ?? 200);
}

async function findUserOwner({ ctx, subject }: FastifyRequest): Promise<ShownOwner> {
  const user = await findUserById(ctx.db, getUserId(subject));
  if (!user) throw profileProblems.user_unknown();
  return { name: printableName(user), picture: user.picture, back_url: paths.user(user.username) };
}

async function findProfileOwner({ ctx, subject }: FastifyRequest): Promise<ShownOwner> {
  const profile = await findProfileById(ctx.db, getProfileId(subject));
  if (!profile) throw profileProblems.profile_unknown();
  return { name: profileName(profile), picture: profile.picture, back_url: paths.profile(profile.slug) };
}
