import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A TCP proxy between the program and its database server; simulates an outage and its end. */
export interface DatabaseProxy {
  /** Connection string of the database through the proxy. */
  url: string;
  /** Cuts every connection and refuses new ones. */
  disconnect(): Promise<void>;
  restore(): Promise<void>;
  /** Stops forwarding on the connections that are open, in both directions and without closing them; new ones work. */
  freeze(): void;
  /** Accepts connections and never forwards a byte, until `restore`. */
  blackhole(): Promise<void>;
}

export async function proxyDatabase(database_url: string): Promise<DatabaseProxy> {
  const { hostname, port } = new URL(database_url);
  const sockets = new Set<Socket>();
  let server: Server | null = null;
  let listening_port = 0;

  const listen = async (is_silent: boolean) => {
    const opening = createServer((client) => {
      if (is_silent) {
        sockets.add(client);
        client.on('error', () => {});
        return;
      }
      const upstream = connect(Number(port || 5432), hostname);
      for (const socket of [client, upstream]) {
        sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          sockets.delete(socket);
          client.destroy();
          upstream.destroy();
        });
      }
      client.pipe(upstream).pipe(client);
    });
    await new Promise<void>((resolve) => {
      opening.listen(listening_port, '127.0.0.1', resolve);
    });
    listening_port = (opening.address() as AddressInfo).port; // a TCP server's address is never a path
    server = opening;
  };

  const restore = () => listen(false);
  await restore();
  const url = new URL(database_url);
  url.hostname = '127.0.0.1';
  url.port = String(listening_port);
  const disconnect = async () => {
    const closing = server;
    server = null;
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      if (closing) closing.close(() => resolve());
      else resolve();
    });
  };
  return {
    url: url.href,
    disconnect,
    async restore() {
      await disconnect();
      await restore();
    },
    freeze() {
      for (const socket of sockets) {
        socket.unpipe();
        socket.pause();
      }
    },
    async blackhole() {
      await disconnect();
      await listen(true);
    },
  };
}
