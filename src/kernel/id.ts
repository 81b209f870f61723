declare const named: unique symbol;

/** A value with a nominal type: `Branded<number, 'Plan'>` accepts the id of a plan only. */
export type Branded<Value extends string | number, Name extends string> = Value & { readonly [named]: Name };
