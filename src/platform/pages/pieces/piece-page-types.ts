import type { AnyPageType } from '../../http/page-type.ts';
import { chartPiece } from './chart.ts';
import { codePiece } from './code.ts';
import { effectPiece } from './effect.ts';
import { factsPiece } from './facts.ts';
import { formsPiece } from './forms.ts';
import { framePiece, purchasePiece } from './frame.ts';
import { listsPiece } from './lists.ts';
import { statesPiece, wordingPiece } from './states.ts';
import { statsPiece } from './stats.ts';
import { timelinePiece } from './timeline.ts';

/** Pages of the gallery that show one piece of the page kit in every state; registered in development only. */
export const piecePageTypes: readonly AnyPageType[] = [
  chartPiece,
  codePiece,
  effectPiece,
  factsPiece,
  formsPiece,
  framePiece,
  listsPiece,
  purchasePiece,
  statesPiece,
  statsPiece,
  timelinePiece,
  wordingPiece,
];
