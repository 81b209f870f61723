/** The browsable API reference as data for a page, from the OpenAPI document. Pure. */

export interface ReferenceField {
  /** Path of the field in the document, for instance `results[].plan.slug`. */
  name: string;
  type: string;
  required: boolean;
  description: string;
}

export interface ReferenceResponse {
  status: string;
  /** Paragraphs. */
  description: string[];
  fields: ReferenceField[];
  /** Indented JSON, or null. */
  example: string | null;
}

export interface ReferenceOperation {
  /** Fragment of the page; stable as long as method and path are. */
  id: string;
  method: string;
  path: string;
  summary: string;
  /** Paragraphs. */
  description: string[];
  parameters: (ReferenceField & { place: string })[];
  body: ReferenceField[];
  responses: ReferenceResponse[];
  /** A command line that sends the example. */
  curl: string;
  request_example: string | null;
}

export interface ReferenceTag {
  slug: string;
  title: string;
  operations: ReferenceOperation[];
}

export interface SchemaNode {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: SchemaNode[];
  items?: SchemaNode;
  properties?: Record<string, SchemaNode>;
  patternProperties?: Record<string, SchemaNode>;
  required?: string[];
  format?: string;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  description?: string;
}

interface MediaTypes {
  description?: string;
  content?: Record<string, { schema?: SchemaNode; example?: unknown }>;
}

interface Operation {
  tags?: string[];
  summary?: string;
  description?: string;
  security?: unknown[];
  parameters?: {
    name: string;
    in: string;
    required?: boolean;
    description?: string;
    schema?: SchemaNode;
    example?: unknown;
  }[];
  requestBody?: MediaTypes;
  responses?: Record<string, MediaTypes>;
}

export interface OpenApiDocument {
  paths?: Record<string, Record<string, Operation>>;
}

const DEPTH_MAX = 4;

/** Titles of the groups in the order of the page; a tag that is missing here is last, under its own name. */
const titles: Record<string, string> = {
  auth: 'Sign-in',
  users: 'Users',
  profile: 'Profiles',
  rbac: 'Roles and agreements',
  subscriptions: 'Plans and subscriptions',
  billing: 'Billing',
  credit: 'Credit and failed payments',
  metrics: 'Metrics',
  proxy: 'Gateway',
  themes: 'Themes',
  operations: 'Version',
  content: 'Content',
  development: 'Development',
};

/** Groups the operations of the document by their first tag. `origin` is the address of the site in command lines. */
export function describeApi(document: OpenApiDocument, origin: string): ReferenceTag[] {
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      tag: operation.tags?.[0] ?? 'content',
      described: describeOperation(method.toUpperCase(), path, operation, origin),
    })),
  );
  const groups = Map.groupBy(operations, ({ tag }) => tag);
  const order = Object.keys(titles);
  const rank = (slug: string) => (order.includes(slug) ? order.indexOf(slug) : order.length);
  return [...groups]
    .sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b))
    .map(([slug, group]) => ({
      slug,
      title: titles[slug] ?? slug,
      operations: group.map(({ described }) => described),
    }));
}

function describeOperation(method: string, path: string, operation: Operation, origin: string): ReferenceOperation {
  const body = firstMedia(operation.requestBody);
  const parameters = operation.parameters ?? [];
  return {
    id: `${method}-${path}`
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-|-$/g, ''),
    method,
    path,
    summary: operation.summary ?? '',
    description: paragraphsOf(operation.description),
    parameters: parameters.map((parameter) => ({
      name: parameter.name,
      place: parameter.in,
      type: typeOf(parameter.schema ?? {}),
      required: parameter.required === true,
      description: parameter.description ?? parameter.schema?.description ?? '',
    })),
    body: body?.schema === undefined ? [] : fieldsOf(body.schema),
    responses: Object.entries(operation.responses ?? {}).map(([status, response]) =>
      describeResponse(status, response),
    ),
    curl: curlOf(method, path, operation, origin),
    request_example: body?.example === undefined ? null : JSON.stringify(body.example, null, 2),
  };
}

function describeResponse(status: string, response: MediaTypes): ReferenceResponse {
  const media = firstMedia(response);
  const is_problem = Number(status) >= 400;
  return {
    status,
    description: response.description === 'Default Response' ? [] : paragraphsOf(response.description),
    fields: media?.schema === undefined || is_problem ? [] : fieldsOf(media.schema),
    example: media?.example === undefined ? null : JSON.stringify(media.example, null, 2),
  };
}

function paragraphsOf(text = ''): string[] {
  return text.split('\n\n').filter((paragraph) => paragraph !== '');
}

function firstMedia(target: MediaTypes | undefined) {
  return Object.values(target?.content ?? {})[0];
}

/** Returns the fields of a schema depth first; alternatives that are objects contribute their fields under one name. */
export function fieldsOf(schema: SchemaNode, prefix = '', depth = 0): ReferenceField[] {
  if (depth > DEPTH_MAX) return [];
  if (schema.anyOf !== undefined) return mergeFields(schema.anyOf.flatMap((one) => fieldsOf(one, prefix, depth)));
  if (schema.items !== undefined) return fieldsOf(schema.items, `${prefix}[]`, depth + 1);
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {}).flatMap(([key, node]) => {
    const name = prefix === '' ? key : `${prefix}.${key}`;
    const field = { name, type: typeOf(node), required: required.has(key), description: node.description ?? '' };
    return [field, ...fieldsOf(node, name, depth + 1)];
  });
}

function mergeFields(fields: ReferenceField[]): ReferenceField[] {
  return [...new Map(fields.map((field) => [field.name, field])).values()];
}

/** Returns the type of a value as text: `string, date-time`, `integer or null`, `"manager" or "contributor"`. */
export function typeOf(schema: SchemaNode): string {
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeOf))].join(' or ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' or ');
  if (schema.items !== undefined) return `array of ${typeOf(schema.items)}`;
  const type = [schema.type ?? (schema.properties === undefined ? 'any JSON' : 'object')].flat().join(' or ');
  const limits = [
    schema.format,
    schema.maxLength === undefined ? undefined : `up to ${schema.maxLength} characters`,
    schema.minimum === undefined ? undefined : `from ${schema.minimum}`,
    schema.maximum === undefined ? undefined : `to ${schema.maximum}`,
  ].filter((limit) => limit !== undefined);
  return [type, ...limits].join(', ');
}

function curlOf(method: string, path: string, operation: Operation, origin: string): string {
  const parameters = operation.parameters ?? [];
  const exampleOf = (place: string, name: string) =>
    parameters.find((parameter) => parameter.in === place && parameter.name === name)?.example;
  const filled = path.replaceAll(/\{([^}]+)\}/g, (whole, name: string) => {
    const value = exampleOf('path', name);
    return typeof value === 'string' ? value.split('/').map(encodeURIComponent).join('/') : whole;
  });
  const query = parameters
    .filter((parameter) => parameter.in === 'query' && parameter.example !== undefined)
    .map((parameter) => `${parameter.name}=${encodeURIComponent(String(parameter.example))}`);
  const url = `${origin}${filled}${query.length === 0 ? '' : `?${query.join('&')}`}`;
  const body = firstMedia(operation.requestBody)?.example;
  const words = [
    `curl -X ${method} '${url}'`,
    ...((operation.security ?? []).length > 0 ? ["-H 'Authorization: Bearer <token>'"] : []),
    ...(body === undefined
      ? []
      : ["-H 'Content-Type: application/json'", `-d '${JSON.stringify(body).replaceAll("'", String.raw`'\''`)}'`]),
  ];
  return words.join(' \\\n  ');
}
