import type { AccountRequirements } from '../processors/index.ts';
import type { PayoutAccount } from '../records/index.ts';

type Known = Pick<PayoutAccount, 'charges_enabled' | 'payouts_enabled' | 'details_submitted' | 'requirements'>;

/** State of the account of a provider, as its manager reads it. */
export interface AccountView {
  state: 'details_missing' | 'restricted' | 'in_review' | 'payouts_off' | 'ready';
  title: string;
  text: string;
  /** Names that the processor gives to what is missing. */
  due: string[];
  /** ISO instant, or null. */
  deadline: string | null;
  /** Label of the button that leads to the processor; null if nothing is to do there. */
  action_label: string | null;
}

/** Describes what an account can do, and what is missing. Pure. */
export function accountView(account: Known, broker_name: string): AccountView {
  const { currently_due, pending, deadline, disabled_reason } = readRequirements(account.requirements);
  const held = `Until then your sales are charged by ${broker_name}, which holds the money for you.`;
  const view = (
    state: AccountView['state'],
    title: string,
    text: string,
    action_label: string | null,
  ): AccountView => ({
    state,
    title,
    text,
    due: [...currently_due],
    deadline,
    action_label,
  });
  if (!account.details_submitted)
    return view(
      'details_missing',
      'Details are missing',
      `Enter the details of your business at the processor. ${held}`,
      'Enter the details',
    );
  if (!account.charges_enabled) {
    if (pending.length > 0 && currently_due.length === 0)
      return view('in_review', 'In review', `The processor checks your details. ${held}`, null);
    const why = disabled_reason === null ? '' : ` Its reason is: ${disabled_reason}.`;
    return view(
      'restricted',
      'Restricted',
      `The processor has restricted your account.${why} ${held}`,
      'Resolve it at the processor',
    );
  }
  if (account.payouts_enabled && currently_due.length === 0)
    return view('ready', 'Ready', 'Your sales are charged on your account, and can be paid out.', null);
  if (account.payouts_enabled)
    return view('ready', 'Ready', 'Your account takes payments. More details are needed later.', 'Enter the details');
  return view(
    'payouts_off',
    'Payouts are off',
    'Your sales are charged on your account. The processor does not pay out yet.',
    'Continue at the processor',
  );
}

/** Reads the column, which is empty before the first call. */
function readRequirements(column: unknown): AccountRequirements {
  const { currently_due, pending, deadline, disabled_reason } = (column ?? {}) as Partial<AccountRequirements>; // updateAccountFacts
  return {
    currently_due: currently_due ?? [],
    pending: pending ?? [],
    deadline: deadline ?? null,
    disabled_reason: disabled_reason ?? null,
  };
}
