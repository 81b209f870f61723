interface Route<T> {
  readonly endpoint: T;
  readonly parts: readonly string[];
}

export interface Match<T> {
  readonly endpoint: T;
  readonly path: Readonly<Record<string, string>>;
}

/** Paths of Stripe that the emulator knows but has not. */
const UNBUILT =
  /^\/v1\/(?:subscriptions?|invoices?|invoiceitems|products|prices|plans|coupons|promotion_codes|payment_links|quotes|tax|tax_rates|shipping_rates|files|file_links|issuing|terminal|treasury|identity|billing|billing_portal|climate|radar|reviews|sources|subscription_items|subscription_schedules|credit_notes|apple_pay|country_specs|exchange_rates|ephemeral_keys|financial_connections|forwarding|reporting|sigma|apps|apps|entitlements|payment_method_configurations|payment_method_domains|payment_records|link_account_sessions|linked_accounts|transfers|topups|account_sessions)(?:\/|$)|^\/v2\//;

/** Endpoints by method and path. A literal part wins over a parameter: `/search` over `/:id`. */
export class Router<T extends { readonly method: string; readonly path: string }> {
  readonly #routes = new Map<string, Route<T>[]>();

  constructor(endpoints: readonly T[]) {
    for (const endpoint of endpoints) {
      const parts = endpoint.path.split('/').slice(1);
      const key = `${endpoint.method} ${parts.length}`;
      const routes = this.#routes.get(key) ?? [];
      routes.push({ endpoint, parts });
      routes.sort((a, b) => parameters(a.parts) - parameters(b.parts));
      this.#routes.set(key, routes);
    }
  }

  find(method: string, pathname: string): Match<T> | null {
    const sent = pathname.split('/').slice(1);
    for (const { endpoint, parts } of this.#routes.get(`${method} ${sent.length}`) ?? []) {
      const path = matchParts(parts, sent);
      if (path) return { endpoint, path };
    }
    return null;
  }
}

/** True for a path of Stripe that this emulator has not. */
export function isUnbuilt(pathname: string): boolean {
  return UNBUILT.test(pathname);
}

function parameters(parts: readonly string[]): number {
  return parts.filter((part) => part.startsWith(':')).length;
}

function matchParts(parts: readonly string[], sent: readonly string[]): Record<string, string> | null {
  const path: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const value = sent[index] ?? '';
    if (part.startsWith(':')) {
      if (value === '') return null;
      try {
        path[part.slice(1)] = decodeURIComponent(value);
      } catch {
        return null;
      }
    } else if (part !== value) return null;
  }
  return path;
}
