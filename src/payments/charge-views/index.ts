export { chargePage } from './charge-page-type.ts';
export { chargePill } from './charge-pill.ts';
export { loadSoldCharge, type SoldCharge, type SoldLine } from './load-sold-charge.ts';
export { chargePageTypes } from './page-types.ts';
export { chargePages } from './pages.ts';
export { sellerChargePages } from './seller-pages.ts';
export { leftOf, menuOf, viewCharge } from './view-charge.ts';
