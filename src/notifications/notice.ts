import type { User } from '#accounts';
import type { ProfileView } from '#profiles';

/** What is to be told of one event, before it is decided who hears it. */
export interface Notice {
  /** Names the rule of recipients and what people opt out of. */
  event: string;
  /** Templates under notification/, the first that exists is used. */
  templates: readonly string[];
  parties: {
    user?: User;
    profile?: ProfileView;
    provider?: ProfileView;
    subscriber?: ProfileView;
  };
  /** Replaces the address of the first recipient: the one that is being proved, not the one on record. */
  address?: string;
  originator: Originator | null;
  /** Same-site path of the page where the reader goes on. */
  path: string | null;
  /** The reader gets what another payer has paid for: limited per address only, as a message about the reader's account. */
  is_paid?: boolean;
  /** What the template takes besides the frame's and the parties' own members. */
  data: Readonly<Record<string, unknown>>;
}

/** Who caused an event: somebody signed in, or a visitor who left an address. */
export type Originator = User | { id: null; email: string; full_name: string };

/** Makes a notice from the fields that all have. */
export function notice(event: string, rest: Partial<Omit<Notice, 'event'>>): Notice {
  return { event, templates: [event], parties: {}, originator: null, path: null, data: {}, ...rest };
}
