import type { FastifyRequest } from 'fastify';
import { commonProblems } from '#kernel/problem';
import { findUserById } from './user-store.ts';
import type { User } from './user.ts';

/** Returns the user that the path names. @throws not_found (404) if the name has no user */
export async function requireSubject(request: FastifyRequest): Promise<User> {
  const { user_id } = request.subject;
  const user = user_id === null ? undefined : await findUserById(request.ctx.db, user_id);
  if (!user) throw commonProblems.not_found();
  return user;
}
