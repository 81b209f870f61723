import { paths } from '#platform/http/paths';
import type { Confirmation } from '#platform/pages/forms/confirm-page';

/** Says what the deletion of an account removes and what it keeps. @see archive-user.ts */
export function deletion(name: string, username: string): Confirmation {
  return {
    title: 'Delete your account',
    subject: `This deletes the account of ${name}. You are signed out at once.`,
    effect: [
      { label: 'Name, addresses and phone number', value: 'removed' },
      { label: 'Password, second factor, API keys and SSH key', value: 'removed' },
      { label: 'Personal profile', note: 'with its subscriptions', value: 'closed' },
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
    hidden: [],
    typed_name: username,
  };
}
