import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands between the program and its database server, to take the server away and give it back. */
export interface DatabaseProxy {
  /** The address of the database by way of the proxy. */
  url: string;
  /** Cuts every connection and refuses new ones. */
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
}

export async function proxyDatabase(database_url: string): Promise<DatabaseProxy> {
  const { hostname, port } = new URL(database_url);
  const sockets = new Set<Socket>();
  let server: Server | null = null;
  let listening_port = 0;

  const comeBack = async () => {
    const opening = createServer((client) => {
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

  await comeBack();
  const url = new URL(database_url);
  url.hostname = '127.0.0.1';
  url.port = String(listening_port);
  return {
    url: url.href,
    async goAway() {
      const closing = server;
      server = null;
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => {
        if (closing) closing.close(() => resolve());
        else resolve();
      });
    },
    comeBack,
  };
}
