/** An object of the API as the store keeps it. Objects are never changed in place: `World.patch` replaces them. */
export interface StoredObject {
  readonly id: string;
  readonly object: string;
  readonly created?: unknown;
  readonly [field: string]: unknown;
}

/** Name of the field for facts that no response shows, such as the test card of a payment method. */
export const HIDDEN = '$';

/** Where an object belongs: the platform (`account: ''`) or a connected account, in test or live mode. */
export interface Scope {
  readonly account: string;
  readonly livemode: boolean;
}

/** A list as the API answers it; the dispatcher presents each element. */
export interface Page {
  readonly object: 'list' | 'search_result';
  readonly url: string;
  readonly has_more: boolean;
  readonly data: readonly StoredObject[];
  readonly [field: string]: unknown;
}
