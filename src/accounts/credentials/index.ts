export { hashNewPassword, requirePasswordPolicy } from './hash-new-password.ts';
export {
  apiKeyList,
  type ApiKeyEntry,
  parseApiKey,
  countApiKeys,
  deleteApiKey,
  deleteApiKeys,
  deleteApiKeysBefore,
  generateApiKey,
  findApiKeys,
  type ApiKey,
  type ApiKeyOwner,
  findApiKeyOwner,
  insertApiKey,
  listApiKeys,
  updateApiKeyLastUsed,
} from './api-key-store.ts';
export { readNewPassword } from './read-new-password.ts';
export { presentApiKey } from './present-api-key.ts';
export { deleteSshKey, findSshKey, upsertSshKey } from './ssh-key-store.ts';
export { parseSshKey } from './ssh-key.ts';
export { deleteTotp, deleteTotpFactors, lockTotp, upsertTotp, updateTotp } from './totp-store.ts';
export {
  countWrongCode,
  countWrongCodeOfAll,
  findTotpLock,
  generateTotpSecret,
  isTotpLocked,
  checkTotpCode,
  formatProvisioningUri,
} from './totp.ts';
export { deleteTotpCallersBefore, findTotpCaller, upsertTotpCaller } from './totp-caller-store.ts';
