import { jwtVerify } from 'jose';

/** The gateway's facts about the caller. */
export interface Session {
  username: string;
  roles: Record<string, SessionProfile[]>;
  site: { slug: string; printable_name: string; email: string };
  last_visited: string | null;
}

export interface SessionProfile {
  slug: string;
  printable_name: string;
  email: string;
  subscriptions: { plan: string; ends_at: string }[];
}

/**
 * Reads the session from the Authorization header; null when there is none or when the gateway did not sign it.
 *
 * The key is shared with the gateway and used unchanged. During a rotation an application lists both, the newest first.
 */
export async function readSession(
  authorization: string | undefined,
  keys: readonly string[],
  now: Date,
): Promise<Session | null> {
  const token = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1];
  if (token === undefined) return null;
  for (const key of keys) {
    try {
      const { payload } = await jwtVerify(token, new TextEncoder().encode(key), {
        algorithms: ['HS256'],
        currentDate: now,
        requiredClaims: ['exp'],
      });
      return isSession(payload) ? payload : null;
    } catch {
      // Signed with another key, or expired: the next key may verify it.
    }
  }
  return null;
}

/** Every profile on which the caller has a role, each once. */
export function accessibleProfiles(session: Session): SessionProfile[] {
  const profiles = new Map(
    Object.values(session.roles)
      .flat()
      .map((profile) => [profile.slug, profile]),
  );
  return [...profiles.values()];
}

/** Slugs of the plans to which a profile is subscribed now. */
export function accessiblePlans(profile: SessionProfile, now: Date): string[] {
  return profile.subscriptions.filter(({ ends_at }) => new Date(ends_at) > now).map(({ plan }) => plan);
}

/** True if the caller manages a profile, or the site. */
export function manages(session: Session, slug: string): boolean {
  const managed = (session.roles['manager'] ?? []).map((profile) => profile.slug);
  return managed.includes(slug) || managed.includes(session.site.slug);
}

function isSession(payload: object): payload is Session {
  return 'username' in payload && typeof payload.username === 'string' && 'roles' in payload && 'site' in payload;
}
