import { createServer } from 'node:http';
import fastify from 'fastify';
import pg from 'pg';
import { Pool } from 'undici';

/** Servers without Tollgate, with which the product is compared: `baselines.ts KIND`. */
const port = Number(process.env['PORT']);
const kind = process.argv[2];

if (kind === 'query') await serveQuery();
else if (kind === 'pass-through') servePassThrough();
else if (kind === 'upstream') serveUpstream();
else if (kind === 'empty') await serveEmpty();
else throw new Error('usage: baselines.ts query|pass-through|upstream|empty');

/** One route, one prepared statement. */
async function serveQuery(): Promise<void> {
  const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 10 });
  const app = fastify();
  app.get<{ Params: { slug: string } }>('/profile/:slug', async (request) => {
    const query = { name: 'profile', text: 'select * from profiles where slug = $1', values: [request.params.slug] };
    const { rows } = await pool.query<Record<string, unknown>>(query);
    return rows[0];
  });
  app.get('/', async () => 'ok');
  await app.listen({ port, host: '127.0.0.1' });
}

/** Forwards every request unchanged, through a pool of keep-alive connections. */
function servePassThrough(): void {
  const upstream = new Pool(process.env['UPSTREAM'] ?? '', { connections: 128 });
  const server = createServer((request, response) => {
    const { method = 'GET', url = '/', headers } = request;
    const options = { method, path: url, headers: { accept: headers.accept ?? '*/*' }, opaque: null };
    upstream
      .stream({ ...options, body: method === 'GET' ? null : request }, (upstream_response) => {
        response.writeHead(upstream_response.statusCode, upstream_response.headers);
        return response;
      })
      .catch(() => response.destroy());
  });
  server.listen(port, '127.0.0.1');
}

/** One route without work: the cost of a request in Fastify. */
async function serveEmpty(): Promise<void> {
  const app = fastify();
  app.get('/', async () => '');
  await app.listen({ port, host: '127.0.0.1' });
}

/** Responds with 1 KiB immediately. */
function serveUpstream(): void {
  const body = Buffer.alloc(1024, 'x');
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': body.length });
    response.end(body);
  });
  server.keepAliveTimeout = 60_000;
  server.listen(port, '127.0.0.1');
}
