import type { FastifyReply, FastifyRequest } from 'fastify';
import { findUserById, type User } from '#accounts';
import type { CartOwner } from '../records/index.ts';
import { mergeVisitorCart } from './merge-visitor-cart.ts';

/**
 * Returns the owner of the caller's cart: the signed-in user, otherwise the browser, which gets a visitor cookie.
 * Moves the cart that the browser filled before sign-in to the user.
 */
export async function openCart(
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<{ owner: CartOwner; user: User | null }> {
  const owner = await findCartOwner(request, reply);
  const user = 'user_id' in owner ? await findUserById(request.ctx.db, owner.user_id) : undefined;
  return { owner, user: user ?? null };
}

/** Returns the owner of the caller's cart like `openCart`, without loading the user. */
export async function findCartOwner({ ctx }: FastifyRequest, reply: FastifyReply): Promise<CartOwner> {
  if (ctx.actor.kind !== 'user') return { visitor_hash: reply.ensureVisitor() };
  await mergeVisitorCart(ctx);
  return { user_id: ctx.actor.user_id };
}
