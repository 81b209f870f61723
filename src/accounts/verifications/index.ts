export { resendActivationLink, sendLeadActivationLink } from './send-activation-link.ts';
export { type PreparedVerification, prepareVerification, type VerificationRequest } from './prepare-verification.ts';
export { replaceVerification } from './replace-verification.ts';
export { sendCodeAfterRefusal } from './send-code-after-refusal.ts';
export { sendCode, sendLink } from './send-verification.ts';
export {
  countCodeFailure,
  deleteVerificationsBefore,
  findVerificationByKey,
  findVerificationWithUser,
  hashCode,
  lockCode,
  lockVerificationByKey,
  voidStopLinksOf,
  consumeVerification,
  voidVerificationsOf,
} from './verification-store.ts';
export {
  code_lifetime_s,
  isCodeUsable,
  isKeyUsable,
  isVerificationKey,
  parseCode,
  type Verification,
} from './verification.ts';
