import { parseEmail } from '#kernel/email';
import { parsePhone, type User } from '../identity/index.ts';
import { type AddressChange, type Channel, decideAddressChange } from './address-change.ts';
import { mayRemoveAddress } from './policy.ts';

export interface AddressInput {
  email?: string | null | undefined;
  phone?: string | null | undefined;
  email_code?: string | number | undefined;
  phone_code?: string | number | undefined;
}

export interface ParsedAddressChanges {
  changes: AddressChange[];
  /** Messages by field; empty if every address is valid. */
  errors: Record<string, string[]>;
}

/** Parses the addresses of a request and compares them with those of the user. */
export function readAddressChanges(user: User, input: AddressInput): ParsedAddressChanges {
  const errors: Record<string, string[]> = {};
  const readChange = (channel: Channel, parse: (text: string) => string | null, message: string): AddressChange => {
    const from = user[channel];
    const text = input[channel];
    const code = input[`${channel}_code`];
    if (text === undefined) return { channel, from, to: from, code };
    if (text === null || text.trim() === '') {
      if (from !== null && !mayRemoveAddress(user, channel)) {
        errors[channel] = ['This address can be replaced, not removed.'];
      }
      return { channel, from, to: null, code };
    }
    const to = parse(text);
    if (to === null) errors[channel] = [message];
    return { channel, from, to: to === from?.toLowerCase() ? from : to, code };
  };
  const changes = [
    readChange('email', parseEmail, 'Enter an e-mail address.'),
    readChange('phone', parsePhone, 'Enter a phone number, with its country code.'),
  ];
  return { changes, errors };
}

/** True if the change adds, replaces or removes an address and therefore needs a secret. */
export function needsSecret(change: AddressChange): boolean {
  const step = decideAddressChange(change);
  return step === 'request' || step === 'remove';
}
