import type { AnyPageType } from '../../http/page-type.ts';
import { factsPiece } from './facts.ts';
import { formsPiece } from './forms.ts';
import { listsPiece } from './lists.ts';

/** Pages of the gallery that show one piece of the page kit in every state; registered in development only. */
export const piecePageTypes: readonly AnyPageType[] = [factsPiece, formsPiece, listsPiece];
