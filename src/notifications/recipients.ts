import type { UserId } from '#platform/db-schema';

/** Somebody an event is about. What a rule names and an event does not have is passed over. */
export type Party = 'user' | 'profile' | 'provider' | 'subscriber' | 'broker';

/** Who is told: the address of `to`, and as blind copies the managers of `managers_of`. */
export interface RecipientRule {
  to: Party;
  managers_of: readonly Exclude<Party, 'user'>[];
  /** Part of signing in or a warning of theft: opting out does not stop it. */
  always?: true;
}

const toUser = { to: 'user', managers_of: [] } as const;
const alwaysToUser = { ...toUser, always: true } as const;
const toBroker = { to: 'broker', managers_of: ['broker'] } as const;
const toProfile = { to: 'profile', managers_of: ['profile'] } as const;
const toCustomer = { to: 'profile', managers_of: ['profile', 'broker'] } as const;
const toBothSides = { to: 'profile', managers_of: ['profile', 'provider'] } as const;
const toProvider = { to: 'provider', managers_of: ['provider', 'subscriber'] } as const;

/**
 * The rule of each event.
 *
 * @see spec/gateway-themes-pages.md 5.3
 */
const recipientRules: Readonly<Record<string, RecipientRule>> = {
  user_verification: alwaysToUser,
  user_reset_password: alwaysToUser,
  user_password_changed: alwaysToUser,
  user_email_changed: alwaysToUser,
  user_credentials_changed: alwaysToUser,
  user_welcome: alwaysToUser,
  role_grant_created: toUser,

  user_registered: toBroker,
  user_activated: toBroker,
  processor_setup_error: toBroker,
  period_sales_report_created: toBroker,
  // Requests are answered in one place: nobody gets a copy.
  user_contact: { to: 'broker', managers_of: [] },

  role_request_created: toProfile,
  role_grant_accepted: toProfile,
  claim_code_generated: { to: 'profile', managers_of: [] },
  subscription_grant_created: { to: 'profile', managers_of: [] },

  profile_updated: toCustomer,
  order_executed: toCustomer,
  charge_updated: toCustomer,
  card_updated: toCustomer,
  card_expires_soon: toCustomer,
  expires_soon: toCustomer,

  subscription_request_accepted: toBothSides,
  quota_reached: toBothSides,
  use_charge_limit_crossed: toBothSides,
  renewal_charge_failed: toBothSides,

  subscription_grant_accepted: toProvider,
  subscription_request_created: toProvider,
};

/** Finds the rule of an event; undefined when nobody is ever told of it. */
export function recipientRule(event: string): RecipientRule | undefined {
  return Object.hasOwn(recipientRules, event) ? recipientRules[event] : undefined;
}

/** An address, with the user who reads it when there is one. */
export interface Reachable {
  address: string;
  user_id: UserId | null;
}

export interface Recipients {
  to: string[];
  bcc: string[];
}

/**
 * Chooses who receives a message: whoever opted out is left out, whoever caused it gets no copy, nobody gets it twice.
 *
 * Pure: the caller loads the people and their choices.
 */
export function chooseRecipients(people: {
  to: Reachable | null;
  managers: readonly Reachable[];
  originator_id: UserId | null;
  opted_out: ReadonlySet<UserId>;
  always: boolean;
}): Recipients {
  const { to, managers, originator_id, opted_out, always } = people;
  const isWanted = ({ user_id }: Reachable) => always || user_id === null || !opted_out.has(user_id);
  const seen = new Set<string>();
  const isNew = ({ address }: Reachable) => {
    const known = seen.has(address.toLowerCase());
    seen.add(address.toLowerCase());
    return address !== '' && !known;
  };
  return {
    to: [to].filter((each) => each !== null && isWanted(each) && isNew(each)).map((each) => each?.address ?? ''),
    bcc: managers
      .filter((each) => isWanted(each) && each.user_id !== originator_id && isNew(each))
      .map((each) => each.address),
  };
}

/** Where answers go: to who caused the message, else to the broker unless that is where it comes from. */
export function chooseReplyTo(originator_email: string | null, broker_email: string, from: string): string | null {
  if (originator_email !== null && originator_email !== '') return originator_email;
  if (broker_email === '' || broker_email.toLowerCase() === from.toLowerCase()) return null;
  return broker_email;
}
