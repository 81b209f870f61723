// Settings of the connection to the application.
export { changeProxy, editedSettings } from './change-proxy.ts';
export type { ConnectionCheck } from './check-entry-point.ts';
export { upstreamRoutes } from './routes.ts';
export { testConnection } from './try-connection.ts';
