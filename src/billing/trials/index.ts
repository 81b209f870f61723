// Trials: their conversion at the end, and the reminder before it.
export { trialEnded, trialEndsSoon, trialEvents } from './events.ts';
export { findTrialCharge, type TrialCharge } from './find-trial-charge.ts';
export { convertTrialsJob } from './jobs.ts';
