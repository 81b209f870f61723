// Automatic charges for which the processor took no more calls.
export { chargeAgainJob } from './charge-again.ts';
