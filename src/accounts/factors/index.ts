export {
  checkCode,
  checkFactors,
  type CodeField,
  type FactorDemands,
  type FactorRefusal,
  type GivenCodes,
  totpBinding,
} from './check-factors.ts';
export { proveAddress, replaceAddress } from './prove-address.ts';
export { requireOwnSecrets, requireSecrets, secretProblem, type Secrets } from './require-secrets.ts';
export { readSecretProblem } from './read-secret-problem.ts';
export { signInProblem, signInStepProblem, wrongCodeProblem } from './sign-in-problem.ts';
