declare const named: unique symbol;

/** A value that may not be mixed up with another of the same shape: `Branded<number, 'Plan'>` is a plan's id and no other's. */
export type Branded<Value extends string | number, Name extends string> = Value & { readonly [named]: Name };
