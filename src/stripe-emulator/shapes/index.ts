export { blankObject, findShapeFaults, type ShapeName } from './shape.ts';
