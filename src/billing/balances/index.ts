export { groupParts, offlineEntries, takeParts, writeOffEntries } from './adjustment.ts';
export { addPayables, dueParts, makeCheckSubject } from './cancel-balance.ts';
export { recordAdjustments, withUsername } from './record-adjustments.ts';
export { balanceRoutes } from './routes.ts';
