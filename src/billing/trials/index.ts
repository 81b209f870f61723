// Trials: their conversion at the end, and the reminder before it.
export { trialEnded, trialEndsSoon, trialEvents } from './events.ts';
export { convertTrialsJob } from './jobs.ts';
