export type { Control } from './control/index.ts';
export { default_keys, startEmulator, type EmulatorOptions, type RunningEmulator } from './start-emulator.ts';
