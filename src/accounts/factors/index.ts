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
export { requireOwnSecrets, requireSecrets, secretRefusal, type Secrets } from './require-secrets.ts';
export { secretsToForm } from './secrets-form.ts';
export { signInRefusal, stepNeeded, wrongCode } from './sign-in-refusal.ts';
