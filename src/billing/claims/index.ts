export {
  findClaimByHash,
  findClaimItems,
  findClaimLines,
  insertClaimItem,
  insertedClaims,
  lockClaim,
} from './claim-store.ts';
export { type Claim, isClaimCode, isClaimOf, openSeats, refuseClaim } from './claim.ts';
export { buildCodeGenerated, claimsByLine, makeClaims, type NewClaim } from './issue-claims.ts';
export { lockSeatCharges, findPaidSeats } from './paid-seats.ts';
export { remindOfSeats } from './remind-of-seats.ts';
export { claimPageTypes } from './page-types.ts';
export { seatPages } from './pages.ts';
export { seatRoutes } from './routes.ts';
