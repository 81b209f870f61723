export { cartSeatsPageTypes } from './page-types.ts';
export { cartSeatsPages } from './pages.ts';
export { forgetSeatUploadsJob } from './forget-seat-uploads.ts';
