import assert from 'node:assert/strict';
import { parentPort, workerData } from 'node:worker_threads';
import { drawSheet } from './draw-sheet.ts';
import type { Sheet } from './sheet.ts';

// Thread that draws one sheet and posts the file in pieces, then null. A thread, because making the subset of a large
// font takes up to two seconds, in which the process could respond to no request.
assert(parentPort, 'this file runs in a worker thread');
const port = parentPort;
const sheet = workerData as Sheet; // given by renderPdf
const document = drawSheet(sheet);
document.on('data', (piece: Buffer) => port.postMessage(new Uint8Array(piece)));
document.on('end', () => port.postMessage(null));
