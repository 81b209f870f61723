// Exchange of requests and responses with the application behind the gateway.
export { findRefusedStreams, type StreamCheckParts } from './find-refused-streams.ts';
export {
  findShareHolder,
  type ForwardedRequest,
  forwardExchange,
  type ForwardingParts,
  hasBody,
  occupyPlace,
} from './forward-exchange.ts';
export { forwardRequest } from './forward-request.ts';
export { makeForwarder } from './forward.ts';
export { makeOpenConnections } from './open-connections.ts';
export { makeOpenStreams } from './open-streams.ts';
export { findPendingUpgrade, routeUpgrades } from './upgrade.ts';
export { UpstreamFailure } from './upstream-failure.ts';
export { makeUpstreamShares } from './upstream-shares.ts';
