import type { FastifyRequest } from 'fastify';

/** A profile as the frame of a page shows it. */
export interface FrameProfile {
  slug: string;
  printable_name: string;
  picture: string | null;
  type: 'personal' | 'organization';
  is_provider: boolean;
  is_broker: boolean;
  /** IANA name. */
  timezone: string;
}

/** The signed-in user, for the account menu. */
export interface FrameUser {
  username: string;
  printable_name: string;
  picture: string | null;
  email: string | null;
  /** BCP 47. */
  lang: string;
}

/** What every page needs to know of its reader and of the profile that it is about. */
export interface PageFacts {
  /** Null for a visitor. */
  user: FrameUser | null;
  /** Profiles on which the user has a role: the personal profile first, then by name, at most `frame_profiles_max`. */
  profiles: readonly FrameProfile[];
  /** Personal profile of the user. */
  personal: FrameProfile | null;
  /** The profile with the given slug; null if there is none. */
  profile: FrameProfile | null;
  /** True if the user has a role on that profile. */
  is_member: boolean;
  /** Broker or provider for which the user reads the profile without a role on it; null with a role. */
  seller: { slug: string; printable_name: string } | null;
}

/** Profiles in the list of the account menu; the page of all profiles shows the others. */
export const frame_profiles_max = 50;

/** Finds the facts of a page; implemented by the profiles room, injected by src/app.ts. */
export type FindPageFacts = (request: FastifyRequest, profile_slug: string | null) => Promise<PageFacts>;
