export { acceptInvitedManager, acceptRole, mayBecomeManager } from './accept-role.ts';
export { activationKey, grantRole, takeInvitation, withoutLinks } from './grant-role.ts';
export { emailUnverified, withProofSent } from './refuse-unverified.ts';
export { askToManage, type RequestInput, requestRole } from './request-role.ts';
export { resendInvitation, resendRequest } from './resend-invitation.ts';
export { revokeRole } from './revoke-role.ts';
