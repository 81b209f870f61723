// Prices of plans: the options to buy one, after discounts.
export {
  chooseOption,
  describeOption,
  priceOptions,
  type LineNames,
  type PriceOption,
  type PriceTerms,
} from './price-options.ts';
