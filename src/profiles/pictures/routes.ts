import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { commonProblems, inputProblems, invalidInput } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { readUploadedForm, uploadedFile } from '#platform/http/uploaded-form';
import { type Throttle, throttleProblems } from '#platform/security/throttle';
import { profileProblems } from '../problems.ts';
import { NoContent, ProfileParams, UserParams } from '../schemas.ts';
import { findPicture } from './picture-store.ts';
import { removePicture, setPicture } from './set-picture.ts';

const LocationSchema = Type.Object({ location: Type.String({ description: 'Absolute address of the picture' }) });
const { picture_too_large, picture_unreadable } = profileProblems;
const problems = [
  inputProblems.invalid_input,
  picture_too_large,
  picture_unreadable,
  throttleProblems.too_many_requests,
];

/** Registers the operations that set and remove pictures, and the public address of a picture. */
// long: one registration per operation
export function pictureRoutes(app: App, throttle: Throttle): void {
  const upload = async (request: FastifyRequest, reply: FastifyReply) => {
    const file = uploadedFile(request);
    if (file === null) throw invalidInput({ file: ['Send a picture as multipart/form-data.'] });
    reply.status(201);
    return { location: await setPicture(request.ctx, throttle, request.subject, file) };
  };
  const remove = async (request: FastifyRequest, reply: FastifyReply) => {
    await removePicture(request.ctx, request.subject);
    return reply.status(204).send();
  };
  const uploadSchema = {
    tags: ['profile'],
    consumes: ['multipart/form-data'],
    response: { 201: LocationSchema },
  };

  app.post(
    '/api/users/:user/picture',
    {
      config: { access: { kind: 'self-only' }, problems },
      preValidation: readUploadedForm,
      schema: {
        ...uploadSchema,
        summary: 'Uploads the picture of a user',
        description:
          'Stores a PNG, JPEG, GIF or WebP image of at most 1 MB in the field `file`, cut to a square, as the picture of a user and of the personal profile.',
        params: UserParams,
      },
    },
    upload,
  );
  app.delete(
    '/api/users/:user/picture',
    {
      config: { access: { kind: 'self-only' } },
      schema: {
        tags: ['profile'],
        summary: 'Removes the picture of a user',
        description: 'Removes the picture of a user and of the personal profile.',
        params: UserParams,
        response: { 204: NoContent },
      },
    },
    remove,
  );
  app.post(
    '/api/profile/:profile/picture',
    {
      config: { access: { kind: 'direct', frictionless: true }, problems },
      preValidation: readUploadedForm,
      schema: {
        ...uploadSchema,
        summary: 'Uploads the picture of a profile',
        description:
          'Stores a PNG, JPEG, GIF or WebP image of at most 1 MB in the field `file`, cut to a square, as the picture of a profile.',
        params: ProfileParams,
      },
    },
    upload,
  );
  app.delete(
    '/api/profile/:profile/picture',
    {
      config: { access: { kind: 'direct', frictionless: true } },
      schema: {
        tags: ['profile'],
        summary: 'Removes the picture of a profile',
        description: 'Removes the picture of a profile.',
        params: ProfileParams,
        response: { 204: NoContent },
      },
    },
    remove,
  );

  app.get(
    '/pictures/:key',
    {
      config: { access: { kind: 'public' } },
      schema: { hide: true, params: Type.Object({ key: Type.String({ pattern: '^[0-9a-f]{40}$' }) }) },
    },
    async ({ ctx, params }, reply) => {
      const bytes = await findPicture(ctx.db, params.key);
      if (bytes === null) throw commonProblems.not_found();
      // The picture of a key never changes.
      return reply.type('image/webp').header('cache-control', 'public, max-age=31536000, immutable').send(bytes);
    },
  );
}
