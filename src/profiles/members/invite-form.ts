import type { FastifyRequest } from 'fastify';
import { actorId } from '#platform/actor-id';
import { type FormProblem, problemToForm } from '#platform/http/forms';
import { type Candidate, chooseOne, pickCandidate, type Picked } from '#platform/pages/forms/candidates';
import { typeahead } from '#platform/pages/forms/fields';
import { defineForm } from '#platform/pages/forms/form';
import { findInvitees } from '../search/index.ts';

/** The person of an invitation. */
export const inviteForm = defineForm({
  email: typeahead({
    label: 'E-mail address or user name',
    source: '/api/accounts/users',
    help: 'Part of a name finds the people of this site.',
  }),
});

/**
 * Returns the invited person of a posted form: an address or a user name, or the candidates for a part of a name. The
 * caller finds the same users as with the API.
 */
export async function pickInvitee({ ctx, body }: FastifyRequest): Promise<Picked> {
  return pickCandidate(body, 'email', async (text) => {
    const user_id = actorId(ctx);
    // An address names one person: whether it is registered is answered by the invitation, which is counted.
    if (text.includes('@') || user_id === null) return [];
    const users = await findInvitees(ctx, user_id, text);
    return users.map(({ username, printable_name }) => ({ value: username, label: printable_name, note: username }));
  });
}

/** Returns the refusal that shows candidates. */
export function askToChoose(found: readonly Candidate[]): FormProblem {
  return problemToForm(chooseOne('email', found.length));
}
