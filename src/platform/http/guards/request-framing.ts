import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import type { Problem } from '#kernel/problem';
import { codeOfError } from '../replies/error-code.ts';
import { problemBody } from '../replies/problem-reply.ts';
import { httpProblems } from '../problems.ts';

/** A name, an IPv4 address or an IPv6 literal in brackets, with an optional port (RFC 9110 §7.2). */
const host_value = /^(?:[-A-Za-z0-9._~!$&'()*+,;=%]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?$/;
const port_max = 65_535;

type FramedRequest = Pick<IncomingMessage, 'rawHeaders' | 'headers' | 'httpVersion'>;

/**
 * Requires a `Host` and a transfer coding that every server interprets equally.
 *
 * @throws host_invalid, malformed_request (400), transfer_coding_unsupported (501)
 */
export function requireClearFraming(request: FramedRequest): void {
  if (!hasClearHost(request)) throw httpProblems.host_invalid();
  const coding = request.headers['transfer-encoding'];
  // HTTP/1.0 has no transfer codings: servers disagree about where such a body ends (RFC 9112 §6.1).
  if (coding !== undefined && request.httpVersion === '1.0') throw httpProblems.malformed_request();
  // Node decodes `chunked` only; the body of any other coding would reach the application still encoded (RFC 9112
  // §6.1).
  if (coding !== undefined && coding.trim().toLowerCase() !== 'chunked')
    throw httpProblems.transfer_coding_unsupported();
}

/**
 * True if the request has one valid `Host`, or none in HTTP/1.0.
 *
 * Reads `rawHeaders`: Node drops the second of two `Host` fields from `headers`.
 */
export function hasClearHost({ rawHeaders, httpVersion }: FramedRequest): boolean {
  let host: string | undefined;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length !== 4 || name.toLowerCase() !== 'host') continue;
    if (host !== undefined) return false;
    host = rawHeaders[index + 1];
  }
  return host === undefined ? httpVersion === '1.0' : isHost(host);
}

function isHost(text: string): boolean {
  const match = host_value.exec(text);
  return match !== null && Number(match[1] ?? 0) <= port_max;
}

/** Responds to a parser error, before a request object exists, and closes the connection. */
export function respondToParserError(error: Error, socket: Socket, log: Logger): void {
  // A running response would be corrupted; a reset connection has no reader.
  const underWay: unknown = Reflect.get(socket, '_httpMessage');
  const headersSent =
    typeof underWay === 'object' && underWay !== null && Reflect.get(underWay, '_headerSent') === true;
  if (codeOfError(error) === 'ECONNRESET' || !socket.writable || headersSent) {
    socket.destroy();
    return;
  }
  const problem = parserProblem(codeOfError(error));
  log.info({ code: problem.code, status: problem.status, reason: codeOfError(error) }, 'request refused by the parser');
  endWith(socket, problem);
}

/** Refuses `CONNECT`, for which Node.js closes the connection without a response: Tollgate is not a forward proxy. */
export function respondToConnect(server: Server): void {
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => socket.destroy());
    endWith(socket, httpProblems.method_not_allowed());
  });
}

function endWith(socket: Duplex, problem: Problem): void {
  const body = JSON.stringify(problemBody(problem));
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** Refuses an `Expect` field other than `100-continue`; the response of Node.js has no body. */
export function respondToExpectations(server: Server): void {
  server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
    const problem = httpProblems.expectation_failed();
    response.writeHead(problem.status, {
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      Connection: 'close',
    });
    response.end(JSON.stringify(problemBody(problem)));
  });
}

function parserProblem(code: string): Problem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return httpProblems.headers_too_large();
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return httpProblems.body_too_large();
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return httpProblems.request_timeout();
    default:
      return httpProblems.malformed_request();
  }
}
