export { takeProcessorEvent } from './take-processor-event.ts';
