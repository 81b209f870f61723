import { stripe_shapes } from './stripe-shapes.ts';

/** An object kind of Stripe (`payment_intent`), or an object inside one (`Charge.Outcome`). */
export type ShapeName = keyof typeof stripe_shapes;

interface Field {
  readonly name: string;
  readonly is_optional: boolean;
  readonly is_nullable: boolean;
  readonly shape: ShapeName | null;
}

/**
 * Optional fields of the types that Stripe's responses always have, found by comparing the types with the samples
 * that Stripe publishes. Every other field of those samples is required by the types.
 */
const ALWAYS: Readonly<Partial<Record<ShapeName, string>>> = {
  account:
    'business_profile business_type capabilities controller country created default_currency external_accounts ' +
    'future_requirements metadata requirements settings tos_acceptance',
  balance: 'connect_reserved',
  charge: 'refunds',
  'checkout.session': 'phone_number_collection',
  confirmation_token: 'mandate_data',
  customer:
    'address currency delinquent discount invoice_prefix name next_invoice_sequence phone preferred_locales ' +
    'tax_exempt test_clock',
  customer_session: 'components',
  dispute: 'payment_method_details',
  payment_intent: 'amount_details transfer_data',
  payment_method: 'allow_redisplay',
  refund: 'destination_details',
  setup_intent: 'flow_directions',
  transfer: 'destination_payment source_type',
};
/** Fields of pages: their types are generic, so that the generator does not write them. */
const LISTS: Readonly<Record<string, readonly string[]>> = {
  list: ['object', 'data', 'has_more', 'url'],
  search_result: ['object', 'data', 'has_more', 'next_page', 'url'],
};

const parsed = new Map<ShapeName, readonly Field[]>();

/** Returns a new object with every field that Stripe's responses have, each null but `object`. */
export function blankObject(name: ShapeName): Record<string, unknown> {
  const entries = fieldsOf(name)
    .filter((field) => isAnswered(name, field))
    .map((field) => [field.name, null] as const);
  const blank: Record<string, unknown> = Object.fromEntries(entries);
  if ('object' in blank) blank['object'] = name.replace(/^deleted_/, '');
  return blank;
}

/**
 * Returns how a response differs from Stripe's shapes: a missing or unknown field, null where the types have none.
 *
 * Objects inside are compared by their own `object`, or by the shape of their field; free-form objects are skipped.
 */
export function findShapeFaults(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => findShapeFaults(item, `${path}[${index}]`));
  if (!isObject(value)) return [];
  const kind = value['object'];
  if (typeof kind !== 'string') return [];
  const at = path === '' ? kind : path;
  if (kind in LISTS) {
    const missing = (LISTS[kind] ?? []).filter((name) => !(name in value)).map((name) => `${at}.${name}: missing`);
    return [...missing, ...findShapeFaults(value['data'], `${at}.data`)];
  }
  const name = value['deleted'] === true ? `deleted_${kind}` : kind;
  return isShape(name) ? compare(value, name, at) : [`${at}: unknown object ${name}`];
}

function compare(value: Record<string, unknown>, shape: ShapeName, path: string): string[] {
  const fields = fieldsOf(shape);
  // A shape without fields is free-form, as the previous attributes of an event.
  if (fields.length === 0) return [];
  const names = new Set(fields.map(({ name }) => name));
  const unknown = Object.keys(value).filter((name) => !names.has(name));
  const faults = unknown.map((name) => `${path}.${name}: unknown`);
  for (const field of fields) {
    const at = `${path}.${field.name}`;
    const content = value[field.name];
    if (content === undefined) {
      if (isAnswered(shape, field)) faults.push(`${at}: missing`);
    } else if (content === null) {
      if (!field.is_nullable && !(field.is_optional && isAnswered(shape, field))) faults.push(`${at}: null`);
    } else faults.push(...compareContent(content, field.shape, at));
  }
  return faults;
}

function compareContent(content: unknown, shape: ShapeName | null, path: string): string[] {
  if (Array.isArray(content)) {
    return content.flatMap((item, index) => compareContent(item, shape, `${path}[${index}]`));
  }
  if (!isObject(content)) return [];
  if (typeof content['object'] === 'string') return findShapeFaults(content, path);
  return shape === null ? [] : compare(content, shape, path);
}

function fieldsOf(name: ShapeName): readonly Field[] {
  const known = parsed.get(name);
  if (known) return known;
  const text: string = stripe_shapes[name];
  const fields = text.split(' ').filter(Boolean).map(parseField);
  parsed.set(name, fields);
  return fields;
}

function parseField(text: string): Field {
  const [, name = '', optional, nullable, shape = ''] = /^(\w+)(\?)?(\|)?(?::(.+))?$/.exec(text) ?? [];
  return {
    name,
    is_optional: optional !== undefined,
    is_nullable: nullable !== undefined,
    shape: isShape(shape) ? shape : null,
  };
}

function isAnswered(shape: ShapeName, { name, is_optional }: Field): boolean {
  return !is_optional || (ALWAYS[shape]?.split(' ').includes(name) ?? false);
}

function isShape(name: string): name is ShapeName {
  return Object.hasOwn(stripe_shapes, name);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
