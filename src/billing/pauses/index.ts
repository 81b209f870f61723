// Pauses of subscriptions: time that stands still and runs on.
export { pauseEvents, subscriptionPaused, subscriptionResumed, subscriptionResumesSoon } from './events.ts';
export { freezeSubscription, thawSubscription } from './freeze.ts';
export { runPausesJob } from './jobs.ts';
export {
  findDueOn,
  findRunning,
  lockRunning,
  requireNoOpenCharge,
  type Running,
  type RunningTarget,
  type RunningTerm,
} from './lock-running.ts';
export { endFrom, stoppedTime } from './pause.ts';
export {
  movePause,
  type PauseState,
  type PauseWish,
  pauseSubscription,
  previewPause,
  requirePausable,
  resumeSubscription,
} from './pause-subscription.ts';
export { pauseRoutes } from './routes.ts';
