import type { Random } from './random.ts';
import { type Generator, generateText, generateValue, hostileTexts, type JsonSchema } from './generate-value.ts';

/** One operation of docs/reference/openapi.json. */
export interface Operation {
  method: string;
  path: string;
  parameters: { name: string; in: 'path' | 'query' | 'header'; required: boolean; schema: JsonSchema }[];
  body: JsonSchema | null;
}

export interface GeneratedRequest {
  method: string;
  url: string;
  payload: string | undefined;
  content_type: string | undefined;
  cookie: string | undefined;
}

interface OpenApi {
  paths: Record<
    string,
    Record<
      string,
      {
        parameters?: Operation['parameters'];
        requestBody?: { content?: Record<string, { schema?: JsonSchema }> };
      }
    >
  >;
}

export function readOperations(document: OpenApi): Operation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      parameters: operation.parameters ?? [],
      body: operation.requestBody?.content?.['application/json']?.schema ?? null,
    })),
  );
}

const QUERY_PROBABILITY = 0.3;

/** Returns a request for the operation, or one near it: another method, a broken body, an odd path segment. */
export function generateRequest(generator: Generator, operation: Operation): GeneratedRequest {
  const { random } = generator;
  const fields = new Map(operation.parameters.filter((one) => one.in === 'path').map((one) => [one.name, one.schema]));
  const path = operation.path.replaceAll(/\{([^}]+)\}/g, (_whole, name: string) => {
    if (random.chance(generator.hostility)) return encodeSegment(random.pick(hostileTexts));
    return encodeSegment(generateText(generator, name, fields.get(name) ?? {}));
  });
  const query = operation.parameters
    .filter((one) => one.in === 'query' && (one.required || random.chance(QUERY_PROBABILITY)))
    .flatMap((one) => {
      const value = generateValue(generator, one.name, one.schema);
      return [value].flat().map((item) => `${one.name}=${encodeSegment(asText(item))}`);
    });
  const url = query.length === 0 ? path : `${path}?${query.join('&')}`;
  const method = nearbyMethod(random, operation.method);
  const cookie = random.chance(0.05) ? random.pick(hostileCookies) : undefined;
  const takesBody = method !== 'GET' && (operation.body !== null || random.chance(0.1));
  if (!takesBody) return { method, url, payload: undefined, content_type: undefined, cookie };
  if (random.chance(0.02))
    return { method, url, payload: random.pick(brokenBodies), content_type: 'application/json', cookie };
  const value = generateValue(generator, 'body', operation.body ?? {});
  if (random.chance(0.05)) return { method, url, ...encodedBody(random.pick(['form', 'multipart']), value), cookie };
  const payload = JSON.stringify(value);
  return {
    method,
    url,
    cookie,
    payload,
    content_type: random.chance(0.02) ? random.pick(otherTypes) : 'application/json',
  };
}

/** PUT and PATCH are twins at most addresses; any other method may be sent to any address. */
function nearbyMethod(random: Random, method: string): string {
  if (random.chance(0.02)) return random.pick(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
  if (!random.chance(0.2)) return method;
  return method === 'PUT' ? 'PATCH' : method === 'PATCH' ? 'PUT' : method;
}

/** The fields of a body as a browser sends those of a form. */
function encodedBody(kind: 'form' | 'multipart', value: unknown): { payload: string; content_type: string } {
  const fields = Object.entries(typeof value === 'object' && value !== null ? value : { value });
  if (kind === 'form')
    return {
      payload: fields.map(([name, field]) => `${encodeSegment(name)}=${encodeSegment(asText(field))}`).join('&'),
      content_type: 'application/x-www-form-urlencoded',
    };
  const parts = fields.map(([name, field], index) => {
    const file = index === 0 ? '; filename="../a\u0000.csv"\r\nContent-Type: text/csv' : '';
    return `--x\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n${asText(field)}\r\n`;
  });
  return { payload: `${parts.join('')}--x--\r\n`, content_type: 'multipart/form-data; boundary=x' };
}

const hostileCookies = [
  'sessionid=%00',
  `sessionid=${'x'.repeat(4000)}`,
  'csrftoken=%ff; sessionid=a; sessionid=b',
  'visitorid=__proto__; =; ;;; a',
  'sessionid="\\000"',
];

const brokenBodies = [
  '{',
  '[]',
  'null',
  '"text"',
  '{"a":1}}',
  '\u0000',
  '['.repeat(2000),
  `${'['.repeat(2000)}${']'.repeat(2000)}`,
  '{"extra":"\\ud800"}',
  '',
  '{"__proto__":{"x":1}}',
];
const otherTypes = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/xml',
  'application/json; charset=utf-16',
];

function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** A lone surrogate has no encoding; a client would send bytes that are no UTF-8. */
function encodeSegment(text: string): string {
  return text.isWellFormed() ? encodeURIComponent(text) : '%ed%a0%80';
}
