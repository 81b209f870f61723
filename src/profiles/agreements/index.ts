export {
  deleteSignatures,
  findAgreement,
  findAllAgreements,
  findAgreementsBySlugs,
  hasSigned,
  insertAgreement,
  upsertSignature,
  validSignatureCondition,
} from './agreement-store.ts';
export { type Agreement, TERMS_OF_USE } from './agreement.ts';
export { agreementPageTypes } from './page-types.ts';
export { agreementPages } from './pages.ts';
export { agreementRoutes } from './routes.ts';
