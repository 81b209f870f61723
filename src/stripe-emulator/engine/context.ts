import type { RawHash } from './form.ts';
import type { Scope, StoredObject } from './stored-object.ts';
import type { World } from './world.ts';

/** What the code of an object kind works with: the state, the account, and the call that caused the change. */
export interface Context {
  readonly world: World;
  readonly scope: Scope;
  readonly kinds: Kinds;
  readonly settings: EmulatorSettings;
  /** Null for what the emulator does by itself, such as a refund that fails later. */
  readonly request: { readonly id: string; readonly idempotency_key: string | null } | null;
}

/** A call of an endpoint. */
export interface Call extends Context {
  /** Parts of the path by name: `/v1/customers/:id`. */
  readonly path: Readonly<Record<string, string>>;
  readonly url: string;
  readonly is_publishable: boolean;
  /** Faults that act inside the handlers (`late_balance`), from the header, the metadata or a rule. */
  readonly faults: readonly Fault[];
}

/** A fault and its parameters: `late_balance;s=60`. */
export interface Fault {
  readonly name: string;
  readonly values: Readonly<Record<string, string>>;
}

/** Switches of the whole emulator; the control API changes them. */
export interface EmulatorSettings {
  /** URL of the emulator without a slash at the end: pages and receipts are below it. */
  base_url: string;
  /** Seconds until search shows a new object. */
  search_lag_s: number;
  /** Deliveries of webhooks happen before the call that caused them is answered. */
  events_before_answer: boolean;
  /** Divides the gaps between deliveries. */
  webhook_retry_divisor: number;
  dispute_fee: number;
  /** Currencies that settle in another one: units of `to` per unit, both in their smallest units. */
  exchange_rates: Readonly<Record<string, { readonly to: string; readonly rate: number }>>;
  dispute_fee_returned: boolean;
}

/**
 * One kind of object. Its file exports one of these; `objects/index.ts` lists them.
 */
export interface Kind {
  readonly name: string;
  readonly prefix: string;
  /** Paths of fields that hold an id and may be expanded. */
  readonly expandable?: readonly string[];
  /** Adds what is computed when the object is shown, such as the refunds of a charge. */
  readonly render?: (ctx: Context, value: StoredObject) => Record<string, unknown>;
  readonly endpoints?: readonly Endpoint[];
  /** Pages for browsers, below the URL of the emulator and without a key. */
  readonly pages?: readonly PageRoute[];
  /** What the kind does later: the name of a task and its code. */
  readonly tasks?: Readonly<Record<string, Task>>;
}

/** A page of the emulator: the page of 3-D Secure, the hosted payment page. */
export interface PageRoute {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Changes are committed when it returns and undone when it throws. */
  readonly handle: (request: PageRequest) => PageAnswer;
}

export interface PageRequest {
  /** Returns the context of the scope that owns an object of the path; null when the id is unknown. */
  readonly contextOf: (id: string) => Context | null;
  readonly path: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The fields of a form. */
  readonly form: URLSearchParams;
}

export interface PageAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Task = (ctx: Context, args: Readonly<Record<string, string>>) => void;
export type Kinds = ReadonlyMap<string, Kind>;

export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  /** Permission that a restricted key needs: `customer_read`. */
  readonly permission: string;
  /** A publishable key may call it. */
  readonly is_publishable: boolean;
  /** Reads and checks the parameters; the returned function does the work. */
  readonly prepare: (call: Call, raw: RawHash) => () => Record<string, unknown>;
}
