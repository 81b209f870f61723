import type { RateLimit } from '#platform/security/throttle';

export const registerLimit: RateLimit = {
  name: 'register',
  max: 10,
  window_s: 3600,
  counts: 'Registrations; the response shows whether a name or address is taken',
  per: 'network',
};
export const typeAheadLimit: RateLimit = {
  name: 'type-ahead',
  max: 300,
  window_s: 300,
  counts: 'Searches for accounts and profiles',
  per: 'account',
};
export const invitationLimit: RateLimit = {
  name: 'invite',
  max: 20,
  window_s: 3600,
  counts: 'Invitations, requests and grants, each of which may send an e-mail',
  per: 'account',
};
export const sellerInvitationLimit: RateLimit = {
  name: 'invite-seller',
  max: 60,
  window_s: 3600,
  counts: 'Invitations, requests and grants by a seller: a manager of the broker or of a provider',
  per: 'account',
};
export const pictureLimit: RateLimit = {
  name: 'picture',
  max: 20,
  window_s: 3600,
  counts: 'Uploaded pictures',
  per: 'profile',
};
