import type { Duplex } from 'node:stream';
import type { Tunnel } from './upgrade.ts';

/** The tunnels that are open right now, so that a stop does not wait for what never ends. */
export interface OpenConnections {
  addTunnel(tunnel: Tunnel, socket: Duplex): void;
  /** Ends all tunnels, and those that are added later at once. Responses under way are left to finish. */
  drain(): void;
}

/** Status of a WebSocket whose server goes away: the client connects again (RFC 6455 §7.4.1). */
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
