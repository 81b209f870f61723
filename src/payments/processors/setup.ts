import type { FieldMessages } from '#kernel/problem';
import type { UserId } from '#platform/db/db-schema';

/** Thrown by an adapter when the processor refuses the key of the site: it carried out nothing. */
export class ProcessorSetupError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ProcessorSetupError';
  }
}

/** An address of the site to which the processor sends messages. */
export interface SetupEndpoint {
  /** `platform`: about the account of the key; `connect`: about those of providers. */
  name: 'platform' | 'connect';
  url: string;
  /** `ok`, `unknown` if the key may not read it, or what is wrong with it. */
  state: string;
}

/** What was done for an endpoint. `secret` is that of one that was registered now; it is shown once. */
export interface MadeEndpoint extends Pick<SetupEndpoint, 'name' | 'url'> {
  /** `other_version`: it is registered with another version of the API, which cannot be changed. */
  action: 'created' | 'updated' | 'unchanged' | 'other_version';
  secret: string | null;
}

/** What a processor says about the key and the endpoints of the site. Has no secret. */
export interface SetupReport {
  /** Account, mode, endpoints and permissions in one line. */
  line: string;
  /** One sentence for each thing that is missing or wrong; empty if payments work. */
  faults: readonly string[];
  /** Account of the key; null if the key may not read it. */
  account: { key: string; name: string; country: string; unit: string } | null;
  mode: 'live' | 'test';
  endpoints: readonly SetupEndpoint[];
  /** Names that the processor gives to the permissions that the key lacks. */
  missing_permissions: readonly string[];
  api_version: string;
}

/** Keys that replace those in use; `publishable_key: null` keeps the publishable one. */
export interface NewKeys {
  secret_key: string;
  publishable_key: string | null;
}

/** Who replaces the keys, and the accounts of the new and of the former ones; null: not known. */
export interface KeyChange {
  account: string | null;
  former_account: string | null;
  /** Null for a command on the server. */
  by: UserId | null;
}

/** The keys in use, each as its prefix and last four characters. */
export interface ShownKeys {
  secret_key: string;
  publishable_key: string;
  /** Instant since which they replace those of the settings; null for those of the settings. */
  set_at: Date | null;
}

/** The key with which a processor knows the site. */
export interface ProcessorSetup {
  /** Asks the processor for the account, the permissions and the endpoints at `origin`. */
  check(origin: string): Promise<SetupReport>;
  /** Registers the endpoints at `origin` that are missing, and corrects the others. */
  createEndpoints(origin: string): Promise<MadeEndpoint[]>;
  /**
   * Returns the last report of this process and its instant; null if there is none of the keys that are in use now, on
   * any node.
   */
  findLastReport(): Promise<{ report: SetupReport; at: Date } | null>;
  /** True while the processor refuses the key. */
  isRefused(): boolean;
  /**
   * Asks for the account of a new key, and for the one that payments were made on so far. Null: the key may not read
   * its account; it was never seen. Rejects with ProcessorSetupError if the processor refuses the new key.
   */
  compareAccounts(secret_key: string): Promise<{ account: string | null; used: string | null }>;
  /** Returns what is wrong with new keys, by field, before the processor is asked. No message has a key in it. */
  findInvalidKeys(keys: NewKeys): FieldMessages;
  /**
   * Replaces the keys of the settings, on all nodes within seconds. The secret one is stored sealed. Emits
   * processor_keys_replaced in the same transaction, unless they are the keys in use.
   */
  storeKeys(keys: NewKeys, change: KeyChange): Promise<void>;
  /** Returns the keys that the newest calls use, as they may be shown. */
  findShownKeys(): Promise<ShownKeys>;
}
