import type { Race } from './race.ts';
import { races_of_changes } from './races-of-changes.ts';
import { races_of_charges } from './races-of-charges.ts';
import { races_of_orders } from './races-of-orders.ts';

/** Every race; README.md lists the contended resources. */
export const races: readonly Race[] = [...races_of_orders, ...races_of_charges, ...races_of_changes];
