export { inviteAgain, inviteLead } from './invite-again.ts';
export { type PreparedVerification, prepareVerification, type VerificationRequest } from './prepare-verification.ts';
export { replaceVerification } from './replace-verification.ts';
export { sendProofOfRefused } from './send-proof-of-refused.ts';
export { sendCode, sendLink } from './send-verification.ts';
export {
  countCodeFailure,
  deleteVerificationsBefore,
  findVerificationByKey,
  hashCode,
  lockCodeOf,
  lockVerificationByKey,
  useStopLinksOf,
  useVerification,
  useVerificationsOf,
} from './verification-store.ts';
export {
  code_lifetime_s,
  isCodeUsable,
  isKeyUsable,
  isVerificationKey,
  parseCode,
  type Verification,
} from './verification.ts';
