import { once } from 'node:events';
import { connect } from 'node:net';

/** A response as it arrived, up to its end or that of the connection. */
export interface RawResponse {
  readonly status: number;
  readonly reason: string;
  /** Pairs of name and value, in the order of arrival. */
  readonly headers: readonly (readonly [string, string])[];
  /** Without the framing of a chunked body. */
  readonly body: string;
  /** True if the server closed the connection after the response. */
  readonly is_closed: boolean;
}

const wait_ms_max = 5000;
/** Time in which a server that announced the end of the connection closes it. */
const closing_ms_max = 1000;

/** Sends unchanged bytes and reads one response; null if the connection ends without one. */
export async function exchangeRaw(port: number, bytes: string, is_head = false): Promise<RawResponse | null> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  let is_closed = false;
  socket.setEncoding('latin1').setTimeout(wait_ms_max, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.write(Buffer.from(bytes, 'latin1'));
  const response = await new Promise<ReadResponse | null>((resolve) => {
    socket.on('data', (more) => {
      text += String(more);
      const complete = parseResponse(text, is_head, false);
      if (complete) resolve(complete);
    });
    socket.on('close', () => {
      is_closed = true;
      resolve(parseResponse(text, is_head, true));
    });
  });
  const announces_end = response?.headers.some(([name, value]) => /^connection$/i.test(name) && /close/i.test(value));
  if (announces_end === true && !is_closed)
    await once(socket, 'close', { signal: AbortSignal.timeout(closing_ms_max) }).catch(() => {});
  socket.destroy();
  return response && { ...response, is_closed };
}

type ReadResponse = Omit<RawResponse, 'is_closed'>;

/** Returns null while the response is incomplete. */
function parseResponse(text: string, is_head: boolean, is_closed: boolean): ReadResponse | null {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return null;
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const [, code = '', reason = ''] = /^HTTP\/1\.1 (\d{3}) ?(.*)$/.exec(first) ?? [];
  const status = Number(code);
  const rest = text.slice(end + 4);
  if (status === 100) return parseResponse(rest, is_head, is_closed);
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
  });
  const valueOf = (name: string) => headers.find(([each]) => each.toLowerCase() === name)?.[1];
  const made = (body: string) => ({ status, reason, headers, body });
  if (is_head || status < 200 || status === 204 || status === 304) return made('');
  if (valueOf('transfer-encoding') === 'chunked') {
    const body = readChunks(rest);
    return body === null && is_closed ? made(`cut: ${rest}`) : body === null ? null : made(body);
  }
  const length = valueOf('content-length');
  if (length !== undefined && rest.length >= Number(length)) return made(rest.slice(0, Number(length)));
  return is_closed ? made(rest) : null;
}

/** Returns null if the last chunk is missing. */
function readChunks(text: string): string | null {
  let body = '';
  for (let at = 0; ;) {
    const line_end = text.indexOf('\r\n', at);
    if (line_end === -1) return null;
    const size = Number.parseInt(text.slice(at, line_end), 16);
    if (size === 0) return text.endsWith('\r\n\r\n') ? body : null;
    at = line_end + 2 + size + 2;
    if (at > text.length) return null;
    body += text.slice(line_end + 2, line_end + 2 + size);
  }
}
