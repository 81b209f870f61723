import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** What is being forwarded right now, so that a stop does not wait for streams that never end. */
export interface OpenConnections {
  addTunnel(socket: Duplex): void;
  addAnswer(response: ServerResponse): void;
  /** Ends tunnels now, and answers that are still being written after `drain_ms`. */
  drain(): void;
}

const drain_ms = 5000;

export function makeOpenConnections(): OpenConnections {
  const tunnels = new Set<Duplex>();
  const answers = new Set<ServerResponse>();
  return {
    addTunnel(socket) {
      tunnels.add(socket);
      socket.on('close', () => tunnels.delete(socket));
    },
    addAnswer(response) {
      if (response.writableEnded || response.destroyed) return;
      answers.add(response);
      response.on('close', () => answers.delete(response));
    },
    drain() {
      for (const socket of tunnels) socket.destroy();
      setTimeout(() => {
        for (const response of answers) response.destroy();
      }, drain_ms).unref();
    },
  };
}
