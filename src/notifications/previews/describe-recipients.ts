import type { Party, RecipientRule } from '../recipients.ts';

const names: Readonly<Record<Party, string>> = {
  user: 'the user',
  profile: 'the profile',
  provider: 'the provider',
  subscriber: 'the subscriber',
  broker: 'the site',
};

/** Says who receives an e-mail: "The profile; copies to the managers of the profile and of the site". */
export function describeRecipients({ to, managers_of }: RecipientRule): string {
  const first = names[to];
  const sentence = `${first.charAt(0).toUpperCase()}${first.slice(1)}`;
  if (managers_of.length === 0) return sentence;
  return `${sentence}; copies to the managers of ${managers_of.map((party) => names[party]).join(' and of ')}`;
}
