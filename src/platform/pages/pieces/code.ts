import { Type } from 'typebox';
import { definePage } from '../../http/page-type.ts';
import { ApiAnswer, presentApiAnswer } from '../details/api-answer.ts';
import { longText, rightToLeftText, unbrokenText } from './hostile-text.ts';

const charge = { processor_key: 'ch_XAb124EF', amount: 112_120, unit: 'usd', state: 'done', last4: '1234' };
const key_code = `import { jwtVerify } from 'jose';

const key = new TextEncoder().encode(process.env.TOLLGATE_KEY);
// Throws when the session was not signed by Tollgate.
export const readSession = (token) => jwtVerify(token, key);`;

/** `_code.html`, `_copy.html` and `_api.html`. */
export const codePiece = definePage(
  'dev/code.html',
  Type.Object({ title: Type.String(), label: Type.String(), code: Type.String(), api: ApiAnswer }),
  {
    typical: {
      title: 'server.js',
      label: 'Example for Node',
      code: key_code,
      api: presentApiAnswer('/api/billing/charges/ch_XAb124EF', charge),
    },
    long: {
      title: longText,
      label: rightToLeftText,
      code: `${unbrokenText}${unbrokenText}\n${rightToLeftText}`,
      api: presentApiAnswer(`/api/billing/charges/${unbrokenText}`, { description: unbrokenText }),
    },
  },
);
