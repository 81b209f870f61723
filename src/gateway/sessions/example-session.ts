import { findUserByUsername } from '#accounts';
import type { Context } from '#platform/context';
import type { Subject } from '#platform/http/guards/access';
import { paths } from '#platform/http/paths';
import { loadCaller } from '../callers/index.ts';
import { noVisit } from '../engagements/index.ts';
import { gatewayProblems } from '../problems.ts';
import { noConcern, truncateSession } from './bound-session.ts';
import { openSessionKey } from './session-key.ts';
import { carriedBytes, carrySession, type SessionCarrier } from './session-token.ts';
import { makeSession } from './session.ts';

export interface ExampleNeeds {
  readonly session_bytes_max: number;
  /** The master key of the deployment. */
  readonly secret: string;
}

/**
 * Returns what the application receives about a user, and for managers the header that carries it.
 *
 * The holder of the signed header is that user to the application: only managers get it.
 * @throws user_unknown (404)
 */
export async function getExampleSession(
  ctx: Context,
  username: string,
  needs: ExampleNeeds,
  subject: Pick<Subject, 'is_manager'>,
): Promise<{ forward_session: string; forward_session_header: string }> {
  const user = await findUserByUsername(ctx.db, username);
  const caller = user && (await loadCaller(ctx, user.id));
  if (!caller) throw gatewayProblems.user_unknown();
  const session = truncateSession(makeSession(caller.session, caller.site, noVisit), {
    concern: noConcern,
    carriedBytes: (json_bytes) => carriedBytes(ctx.site.session_backend, json_bytes),
    bytes_max: needs.session_bytes_max,
    profiles_url: `${ctx.origin}${paths.apiSessionProfiles()}`,
  });
  const key = openSessionKey(ctx.site, needs.secret);
  const carrier = subject.is_manager
    ? await carrySession(ctx.site.session_backend, session, key, ctx.clock.now())
    : null;
  return { forward_session: JSON.stringify(session, null, 2), forward_session_header: formatHeaderLine(carrier) };
}

/** Formats the header as a line for a shell: wraps a cookie with a backslash every 48 characters. */
function formatHeaderLine(carrier: SessionCarrier | null): string {
  if (carrier === null) return '';
  if (carrier.name === 'authorization') return `Authorization: ${carrier.value}`;
  return `Cookie: ${carrier.value.replace(/.{48}(?=.)/g, '$&\\\n')}`;
}
