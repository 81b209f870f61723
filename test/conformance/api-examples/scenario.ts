import type { ExampleCall } from './record-examples.ts';
import { accountsCalls } from './scenario/accounts.ts';
import { billingCalls } from './scenario/billing.ts';
import { changesCalls } from './scenario/changes.ts';
import { gatewayCalls } from './scenario/gateway.ts';
import { metricsCalls } from './scenario/metrics.ts';
import { operationCalls } from './scenario/operations.ts';
import { profilesCalls } from './scenario/profiles.ts';

/** One call of each operation, in an order in which each succeeds: accounts last, since they end sessions. */
export const scenario: readonly ExampleCall[] = [
  ...profilesCalls,
  ...billingCalls,
  ...changesCalls,
  ...metricsCalls,
  ...gatewayCalls,
  ...operationCalls,
  ...accountsCalls,
];
