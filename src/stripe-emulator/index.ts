export { findShapeFaults } from './shapes/index.ts';
