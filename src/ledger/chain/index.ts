export { chainChecks } from './chain-check-store.ts';
export { type ChainState, findChainState } from './chain-store.ts';
export { type Checkpoint, checkpointText, parseCheckpoint } from './checkpoint.ts';
export { sealLedgerJob } from './jobs.ts';
export {
  /** @public tests and the bench seal without a worker */
  sealLedger,
} from './seal-ledger.ts';
