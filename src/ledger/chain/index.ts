export { chainChecks } from './chain-check-store.ts';
export { type ChainState, findChainState } from './chain-store.ts';
export { type Checkpoint, checkpointText, parseCheckpoint } from './checkpoint.ts';
export { sealLedgerJob } from './jobs.ts';
export { sealLedger } from './seal-ledger.ts';
