// Prices of plans after discounts, and the texts of their lines.
export { describeOption, type LineParties } from './describe-option.ts';
export { chooseOption, priceOptions, type PriceOption, type PriceTerms } from './price-options.ts';
