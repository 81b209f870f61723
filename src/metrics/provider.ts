import type { FastifyRequest } from 'fastify';
import { findUnitOf } from '#catalog';
import { commonProblems } from '#kernel/problem';
import { DEFAULT_UNIT } from '#ledger';
import { mergeReads } from '#platform/db/merge-reads';
import { findProfileById, type Profile } from '#profiles';

/** The provider of the path and the unit of its reports: that of its first plan. */
export interface Reported {
  provider: Profile;
  unit: string;
}

/** @throws not_found (404) */
export async function getReported({ ctx, subject }: Pick<FastifyRequest, 'ctx' | 'subject'>): Promise<Reported> {
  const id = subject.profile_id;
  if (id === null) throw commonProblems.not_found();
  const [provider, unit] = await mergeReads(ctx.db, [
    (reader) => findProfileById(reader, id),
    (reader) => findUnitOf(reader, id),
  ]);
  if (!provider) throw commonProblems.not_found();
  return { provider, unit: unit ?? DEFAULT_UNIT };
}
