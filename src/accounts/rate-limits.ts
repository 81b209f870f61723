import type { RateLimit } from '#platform/security/throttle';

const quarter_s = 900;
const hour_s = 3600;

export const signInLimit: RateLimit = {
  name: 'sign-in',
  max: 10,
  window_s: quarter_s,
  counts: 'Failed sign-ins',
  per: 'account or unknown name, and network',
};
export const signInPeerLimit: RateLimit = {
  name: 'sign-in-peer',
  max: 100,
  window_s: quarter_s,
  counts: 'Failed sign-ins',
  per: 'network',
};
export const secretLimit: RateLimit = {
  name: 'secret',
  max: 10,
  window_s: quarter_s,
  counts: 'Wrong passwords and codes before a sensitive change',
  per: 'account',
};
export const recoverLimit: RateLimit = {
  name: 'recover',
  max: 3,
  window_s: hour_s,
  counts: 'Requests for a link or code to recover an account',
  per: 'address',
};
export const recoverPeerLimit: RateLimit = {
  name: 'recover-peer',
  max: 20,
  window_s: hour_s,
  counts: 'Requests for a link or code to recover an account',
  per: 'network',
};
export const mailLimit: RateLimit = {
  name: 'mail',
  max: 1,
  window_s: 600,
  counts: 'Links sent without a request from the owner of the address',
  per: 'address',
};
export const codeLimit: RateLimit = {
  name: 'code',
  max: 5,
  window_s: quarter_s,
  counts: 'One-time codes sent',
  per: 'address',
};
export const keyLimit: RateLimit = {
  name: 'key',
  max: 60,
  window_s: quarter_s,
  counts: 'Keys of links submitted',
  per: 'network',
};
export const addressLimit: RateLimit = {
  name: 'address',
  max: 10,
  window_s: hour_s,
  counts: 'New addresses; the response shows whether an address is taken',
  per: 'account',
};
