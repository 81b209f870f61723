import type { FormContext } from '#platform/pages/forms/field';
import { optional, text } from '#platform/pages/forms/fields';
import { defineForm } from '#platform/pages/forms/form';
import { wholeNumber } from '#platform/pages/forms/number-fields';
import { BrokerCartBodySchema, CartItemBodySchema } from './schemas.ts';

const fields = {
  option: wholeNumber({
    label: 'Price option',
    max: 1000,
    help: 'Which of the prices of the plan, from 1. With 0 the user chooses in the cart.',
  }),
  quantity: wholeNumber({ label: 'Quantity', max: 1_000_000, help: 'Uses that are bought. 0 for the plan itself.' }),
  sync_on: optional(
    text({ label: 'For another person', length_max: 254, help: 'User name or e-mail address. Empty: for the payer.' }),
  ),
  full_name: text({ label: 'Name of that person', length_max: 150, optional: true }),
  email: optional(text({ label: 'E-mail address of that person', type: 'email', length_max: 254 })),
};

/** A new item in the cart of a user. */
export const newItemForm = defineForm(
  { plan: text({ label: 'Plan', length_max: 50, help: 'Its short name, as in addresses.' }), ...fields },
  BrokerCartBodySchema,
);

/** The changes of an item. */
export const itemForm = defineForm(fields, CartItemBodySchema);

/** A new item before something is typed. */
export const new_item = { option: 0, quantity: 0 };

export const itemContext = (locale: string): FormContext => ({ locale, timezone: 'UTC' });
