// Settings of the connection to the application.
export { changeProxy } from './change-proxy.ts';
export { checkEntryPoint, type ConnectionCheck } from './check-entry-point.ts';
export { upstreamRoutes } from './routes.ts';
