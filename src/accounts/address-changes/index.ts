export { type AddressChange, type Channel, decideAddressChange } from './address-change.ts';
export { confirmAddresses, removeAddress, requestAddressChange } from './change-addresses.ts';
export { addressChangePages } from './pages.ts';
export { type AddressInput, needsSecret, readAddressChanges } from './read-address-changes.ts';
export { addressChangePageTypes } from './page-types.ts';
