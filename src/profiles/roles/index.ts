export { acceptInvitedManager, acceptRole, mayBecomeManager } from './accept-role.ts';
export { changeRoleExtra } from './change-role-extra.ts';
export { emailUnverifiedProblem, withVerificationSent } from './email-unverified.ts';
export { countInvitation, createActivationKey, grantRole, removeLinks } from './grant-role.ts';
export { remindOfRoles } from './remind-of-roles.ts';
export { requestManagerRole, requestRole, type RoleRequestInput } from './request-role.ts';
export { resendInvitation, resendRequest } from './resend-invitation.ts';
export { revokeRole } from './revoke-role.ts';
export { roleRevocationUndo } from './undo-revocation.ts';
