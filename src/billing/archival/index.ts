// What an archived profile leaves behind.
export { profileClosing } from './close-profile.ts';
