import type { RateLimit } from './throttle.ts';

const hour_s = 3600;
const day_s = 86_400;

/**
 * Limits of e-mails to unknown recipients, see mail-gate.ts. Sellers are the managers of the broker and of providers.
 */
export const mailSenderLimit: RateLimit = {
  name: 'mail-sender',
  max: 20,
  window_s: hour_s,
  counts: 'E-mails sent to unknown recipients',
  per: 'account that causes them',
  fixed: true,
};
export const mailSellerLimit: RateLimit = {
  name: 'mail-seller',
  max: 60,
  window_s: hour_s,
  counts: 'E-mails that a seller sends to unknown recipients',
  per: 'account that causes them',
};
export const mailCausedLimit: RateLimit = {
  name: 'mail-caused',
  max: 100,
  window_s: hour_s,
  counts: 'E-mails to any address, receipts and messages about the account of the reader excepted',
  per: 'account that causes them',
};
export const mailProfileLimit: RateLimit = {
  name: 'mail-profile',
  max: 60,
  window_s: hour_s,
  counts: 'E-mails sent to unknown recipients',
  per: 'profile that they are about',
};
export const mailOwnLimit: RateLimit = {
  name: 'mail-own',
  max: 20,
  window_s: day_s,
  counts: 'E-mails sent about an account whose address is not verified',
  per: 'address',
};
export const mailInvitationLimit: RateLimit = {
  name: 'mail-invitation',
  max: 5,
  window_s: day_s,
  counts: 'Invitations, requests and offers sent to one unknown recipient',
  per: 'address',
};
export const mailNoticeLimit: RateLimit = {
  name: 'mail-notice',
  max: 1,
  window_s: day_s,
  counts: 'Notices of one kind sent to one unknown recipient',
  per: 'address and kind of notice',
  fixed: true,
};
