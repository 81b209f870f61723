import { paths } from '#platform/http/paths';
import type { Confirmation } from '#platform/pages/forms/confirm-page';

/**
 * Says what the deletion of an account removes and what it keeps. `credit`: formatted amounts that are lost.
 * @see archive-user.ts
 */
export function deletion(name: string, username: string, credit: readonly string[] = []): Confirmation {
  return {
    title: 'Delete your account',
    subject: `This deletes the account of ${name}. You are signed out at once.`,
    effect: [
      { label: 'Name, addresses and phone number', value: 'removed' },
      { label: 'Password, second factor, API keys and SSH key', value: 'removed' },
      { label: 'Personal profile', note: 'with its subscriptions', value: 'closed' },
      ...(credit.length === 0
        ? []
        : [
            {
              label: 'Credit',
              note: 'Use it first, or ask the provider to pay it out.',
              value: `${credit.join(', ')} lost`,
            },
          ]),
      {
        label: 'Organizations',
        note: 'Your roles end. One that only you manage has no manager afterwards: name another person first.',
        value: 'stay',
      },
      { label: 'Orders, payments and receipts', note: 'The books cannot be changed', value: 'kept' },
    ],
    undo: 'This cannot be undone.',
    keep_label: 'Keep the account',
    keep_url: paths.user(username),
    action_label: 'Delete my account',
    // The page named the amount: deleting the account loses it.
    hidden: credit.length === 0 ? [] : [{ name: 'force', value: '1' }],
    typed_name: username,
  };
}
