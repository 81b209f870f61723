import type { UserId } from '#platform/db/db-schema';

/** Participant of an event. A party that the event does not have is skipped. */
export type Party = 'user' | 'profile' | 'provider' | 'subscriber' | 'broker';

/** The party that a reply should reach; `originator` is the user or visitor who caused the event. */
export type ReplyParty = Party | 'originator';

/** Recipients of an event: the address of `to`, and as blind copies the managers of `managers_of`. */
export interface RecipientRule {
  to: Party;
  managers_of: readonly Exclude<Party, 'user'>[];
  /** The other side of the conversation, in order of preference; the broker when none has an address. */
  replies_to: readonly ReplyParty[];
  /** Part of signing in, or a warning of account takeover: opting out does not stop it. */
  always?: true;
}

const toUser = { to: 'user', managers_of: [], replies_to: [] } as const;
const alwaysToUser = { ...toUser, always: true } as const;
const toBroker = { to: 'broker', managers_of: ['broker'], replies_to: ['user'] } as const;
const toProfile = { to: 'profile', managers_of: ['profile'], replies_to: ['user'] } as const;
const toInvited = { to: 'profile', managers_of: [], replies_to: ['originator', 'provider'] } as const;
const toCustomer = { to: 'profile', managers_of: ['profile', 'broker'], replies_to: ['provider'] } as const;
const toBothSides = { to: 'profile', managers_of: ['profile', 'provider'], replies_to: ['provider'] } as const;
const toProvider = { to: 'provider', managers_of: ['provider', 'subscriber'], replies_to: ['subscriber'] } as const;

/**
 * The rule of each event.
 *
 * @see docs/spec/themes-pages.md 5.3
 */
const recipientRules: Readonly<Record<string, RecipientRule>> = {
  user_verification: alwaysToUser,
  user_reset_password: alwaysToUser,
  user_password_changed: alwaysToUser,
  user_email_changed: alwaysToUser,
  user_credentials_changed: alwaysToUser,
  user_archived: alwaysToUser,
  user_welcome: alwaysToUser,
  role_grant_created: { ...toUser, replies_to: ['originator', 'profile'] },

  user_registered: toBroker,
  user_activated: toBroker,
  processor_setup_error: { to: 'broker', managers_of: ['broker', 'provider'], replies_to: ['provider'] },
  // The broker's address may belong to a ticket system: copies to managers would get a second reply.
  user_contact: { to: 'broker', managers_of: [], replies_to: ['originator'] },

  role_request_created: toProfile,
  role_grant_accepted: toProfile,
  payment_link_unpaid: { to: 'profile', managers_of: ['profile'], replies_to: ['provider'] },
  payment_link_sent: { to: 'profile', managers_of: ['profile'], replies_to: ['provider'] },
  claim_code_generated: toInvited,
  subscription_grant_created: toInvited,

  profile_updated: toCustomer,
  order_executed: toCustomer,
  charge_updated: toCustomer,
  card_updated: toCustomer,
  card_removed: { to: 'profile', managers_of: ['profile'], replies_to: ['broker'] },
  card_expires_soon: toCustomer,
  expires_soon: toCustomer,

  subscription_request_accepted: toBothSides,
  subscription_changed: toBothSides,
  change_pending: toBothSides,
  change_approaching: toBothSides,
  subscription_paused: toBothSides,
  subscription_resumes_soon: toCustomer,
  subscription_resumed: toBothSides,
  trial_ends_soon: toCustomer,
  subscription_request_expired: toBothSides,
  trial_ended: toBothSides,
  quota_reached: toBothSides,
  use_charge_limit_crossed: toBothSides,
  renewal_charge_failed: toBothSides,
  // Its link charges the card of the payer: no copy for the broker.
  payment_action_required: { to: 'profile', managers_of: ['profile'], replies_to: ['provider'] },
  renewal_recovered: toCustomer,
  payment_method_absent: toCustomer,
  subscription_upgrade: toCustomer,
  subscription_ended_unpaid: toBothSides,

  payment_returned: { to: 'profile', managers_of: ['profile', 'broker'], replies_to: ['broker'] },
  payment_refused: toBroker,
  processor_key_refused: toBroker,
  processor_keys_replaced: { ...toBroker, replies_to: [], always: true },
  account_disconnected: { to: 'provider', managers_of: ['provider', 'broker'], replies_to: ['broker'] },
  fraud_warned: { to: 'provider', managers_of: ['provider', 'broker'], replies_to: ['broker'] },
  inquiry_opened: { to: 'provider', managers_of: ['provider', 'broker'], replies_to: ['broker'] },
  payout_failed: { to: 'provider', managers_of: ['provider'], replies_to: ['broker'] },
  period_sales_report_created: { to: 'provider', managers_of: ['provider'], replies_to: ['broker'] },

  subscription_grant_accepted: toProvider,
  subscription_request_created: toProvider,
};

/** Returns the rule of an event; undefined for an event that is never sent by e-mail. */
export function recipientRule(event: string): RecipientRule | undefined {
  return Object.hasOwn(recipientRules, event) ? recipientRules[event] : undefined;
}

/** An address with the user who reads it; `user_id` is null for an address without a user. */
export interface Reachable {
  address: string;
  user_id: UserId | null;
}

/** A manager who receives a blind copy, on the side of `to` or on the other side. */
export interface ManagerCopy extends Reachable {
  is_other_side: boolean;
}

export interface Recipients {
  to: string[];
  bcc: string[];
  /** Blind copies to managers of the other side: their replies go to the address of `to`. */
  other_side: string[];
}

/**
 * Chooses the recipients of a message: excludes users who opted out, excludes the originator from copies, removes
 * duplicate addresses. A warning (`always`) reaches the originator too: the account may have been taken over.
 *
 * Pure: the caller loads the recipients and their opt-outs.
 */
export function chooseRecipients(people: {
  to: Reachable | null;
  managers: readonly ManagerCopy[];
  originator_id: UserId | null;
  opted_out: ReadonlySet<UserId>;
  always: boolean;
}): Recipients {
  const { to, managers, originator_id, opted_out, always } = people;
  const isWanted = ({ user_id }: Reachable) => always || user_id === null || !opted_out.has(user_id);
  const seen = new Set<string>();
  const isNew = ({ address }: Reachable) => {
    const is_known = seen.has(address.toLowerCase());
    seen.add(address.toLowerCase());
    return address !== '' && !is_known;
  };
  const first = [to].flatMap((each) => (each !== null && isWanted(each) && isNew(each) ? each.address : []));
  const isOther = ({ user_id }: Reachable) => user_id === null || user_id !== originator_id;
  const copies = managers.filter((each) => isWanted(each) && (always || isOther(each)) && isNew(each));
  return {
    to: first,
    bcc: copies.filter((each) => !each.is_other_side).map((each) => each.address),
    other_side: copies.filter((each) => each.is_other_side).map((each) => each.address),
  };
}

/**
 * Returns the address that a reply goes to: the first candidate that no reader of the message has. Null when it is the
 * sender address of the message, or when there is none.
 */
export function chooseReplyTo(
  candidates: readonly (string | null | undefined)[],
  readers: readonly string[],
  from: string,
): string | null {
  const isReader = (address: string) => readers.some((reader) => reader.toLowerCase() === address.toLowerCase());
  const found = candidates.find((address) => address && !isReader(address));
  return !found || found.toLowerCase() === from.toLowerCase() ? null : found;
}
