import type { Duplex } from 'node:stream';
import type { Tunnel } from './upgrade.ts';

/** The open tunnels. A stop of the process ends them, since they do not end without a request. */
export interface OpenConnections {
  addTunnel(tunnel: Tunnel, socket: Duplex): void;
  /** Ends all tunnels, and later ones as soon as they are added. Responses in progress are not affected. */
  drain(): void;
}

/** Close status of a server that stops: the client connects again (RFC 6455 §7.4.1). */
const going_away = 1001;

export function makeOpenConnections(): OpenConnections {
  const tunnels = new Set<Tunnel>();
  let is_draining = false;
  return {
    addTunnel(tunnel, socket) {
      tunnels.add(tunnel);
      socket.on('close', () => tunnels.delete(tunnel));
      if (is_draining) tunnel.close(going_away);
    },
    drain() {
      is_draining = true;
      for (const tunnel of tunnels) tunnel.close(going_away);
    },
  };
}
