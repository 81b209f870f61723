import type { FastifyRequest } from 'fastify';
import { commonProblems } from '#kernel/problem';
import type { Access, DecideAccess, Subject } from '#platform/http/guards/access';
import { findProfileById } from '#profiles';
import { paymentsProblems } from '../problems.ts';
import { findCharge } from '../records/index.ts';

/**
 * Makes the hook of a route that names a charge without its customer, as the API of 2019 does: it decides access as the
 * route of the customer would, and sets the subject of the request. Runs before the body is validated.
 *
 * A charge that the caller may not read is unknown to it.
 * @throws charge_unknown (404) · permission_denied (403) when the caller may read the charge only
 */
export function chargeOfPath(decideAccess: DecideAccess, access: Access) {
  return async (request: FastifyRequest<{ Params: { charge: string } }>): Promise<void> => {
    const { ctx, params } = request;
    const charge = await findCharge(ctx.db, params.charge);
    const customer = charge && (await findProfileById(ctx.db, charge.profile_id));
    if (!customer) throw paymentsProblems.charge_unknown();
    const decide = async (method: string, kind: Access): Promise<Subject | null> => {
      const question = { actor: ctx.actor, site: ctx.site, params: { profile: customer.slug }, access: kind, method };
      const decision = await decideAccess(ctx.db, ctx.clock, question);
      return decision.allowed ? decision.subject : null;
    };
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const subject = await decide(method, access);
    if (subject) {
      request.subject = subject;
      return;
    }
    const may_read = await decide('GET', { kind: 'provider' });
    throw may_read ? commonProblems.permission_denied() : paymentsProblems.charge_unknown();
  };
}
