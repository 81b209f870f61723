export {
  checkCode,
  checkFactors,
  type CodeFieldName,
  type FactorDemands,
  type FactorRefusal,
  type GivenCodes,
  totpBinding,
} from './check-factors.ts';
export { proveAddress, replaceAddress } from './prove-address.ts';
export { requireOwnSecrets, requireSecrets, secretProblem, type Secrets } from './require-secrets.ts';
export { formStatus, readSecretProblem } from './read-secret-problem.ts';
export { signInProblem, signInStepProblem, wrongCodeProblem } from './sign-in-problem.ts';
