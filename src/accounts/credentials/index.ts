export { acceptPassword, requireAcceptable } from './accept-password.ts';
export {
  type ApiKeyEntry,
  apiKeyOf,
  countApiKeys,
  deleteApiKey,
  deleteApiKeys,
  deleteApiKeysBefore,
  drawApiKey,
  findApiKeys,
  findApiKeyUser,
  insertApiKey,
  listApiKeys,
  touchApiKey,
} from './api-key-store.ts';
export { readNewPassword } from './new-password-form.ts';
export { presentApiKey } from './present-api-key.ts';
export { deleteSshKey, putSshKey } from './ssh-key-store.ts';
export { parseSshKey } from './ssh-key.ts';
export { deleteTotp, deleteTotpFactors, lockTotp, putTotp, updateTotp } from './totp-store.ts';
export { afterWrongCode, drawTotpSecret, isTotpLocked, judgeTotp, provisioningUri } from './totp.ts';
