import {
  boolean,
  defineEndpoint,
  findOr404,
  free,
  hash,
  missingObject,
  required,
  text,
  type Kind,
} from '../engine/index.ts';

const LIFE_S = 30 * 60;
const component = hash({ enabled: required(boolean()), features: free() });
const COMPONENTS = [
  'active_entitlements',
  'buy_button',
  'customer_portal',
  'customer_sheet',
  'mobile_payment_element',
  'payment_element',
  'pricing_table',
] as const;
const WITH_FEATURES: ReadonlySet<string> = new Set(['customer_sheet', 'mobile_payment_element', 'payment_element']);

const create = defineEndpoint(
  'POST /v1/customer_sessions',
  {
    customer: required(text(255)),
    components: required(
      hash({
        buy_button: component,
        customer_sheet: component,
        mobile_payment_element: component,
        payment_element: component,
        pricing_table: component,
      }),
    ),
  },
  (call, { customer, components }) => {
    const { world, scope } = call;
    if (findOr404(call, 'customer', customer, 'customer')['deleted'] === true)
      throw missingObject('customer', customer, 'customer');
    const sent: Readonly<Record<string, { enabled: boolean } | undefined>> = components;
    const shown = COMPONENTS.map((name) => {
      const features = WITH_FEATURES.has(name) ? { features: null } : {};
      return [name, { enabled: sent[name]?.enabled ?? false, ...features }];
    });
    return {
      object: 'customer_session',
      client_secret: world.nextId('cuss_secret', scope, 40),
      components: Object.fromEntries(shown),
      created: world.now,
      customer,
      customer_account: null,
      expires_at: world.now + LIFE_S,
      livemode: scope.livemode,
    };
  },
);

/** Sessions that give a page access to a customer. They are not kept: no element of the emulator uses one. */
export const customer_session_kind: Kind = { name: 'customer_session', prefix: '', endpoints: [create] };
