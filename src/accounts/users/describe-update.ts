import type { UserUpdate } from './update-user.ts';

/** Describes an update: addresses that wait for a code, or that stay because no secret was given. */
export function describeUpdate({ awaiting, kept }: UserUpdate): string {
  const parts = ['Profile updated.'];
  if (awaiting.length > 0) {
    parts.push(`A code was sent to ${awaiting.join(' and ')}. Your current address stays until you enter it.`);
  }
  if (kept.length > 0) {
    parts.push(`To change your ${kept.map(channelName).join(' and ')}, repeat the request with your password.`);
  }
  return parts.join(' ');
}

const channelName = (channel: 'email' | 'phone') => (channel === 'email' ? 'e-mail address' : 'phone number');
