import type { User } from '#accounts';
import type { ProfileView } from '#profiles';

/** Content of the message about one event, without its recipients. */
export interface Notice {
  /** Selects the rule of recipients; users opt out of a notice by this name. */
  event: string;
  /** Templates under notification/; the first that the theme has is rendered. */
  templates: readonly string[];
  parties: {
    user?: User;
    profile?: ProfileView;
    provider?: ProfileView;
    subscriber?: ProfileView;
  };
  /** Address of the first recipient in place of the one on record, such as an address that is being verified. */
  address?: string;
  originator: Originator | null;
  /** Same-site path of the page that the button opens; null without a button. */
  path: string | null;
  /**
   * True if another payer paid for the seat of the recipient. The mail gate then limits the message per address only.
   */
  is_paid?: boolean;
  /** Members for the template, besides those of the frame and of the parties. */
  data: Readonly<Record<string, unknown>>;
}

/** User or visitor who caused an event. A visitor has no id. */
export type Originator = User | { id: null; email: string; full_name: string };

/** Makes a notice; members that are omitted have no content. */
export function makeNotice(event: string, rest: Partial<Omit<Notice, 'event'>>): Notice {
  return { event, templates: [event], parties: {}, originator: null, path: null, data: {}, ...rest };
}
