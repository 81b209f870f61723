/** Rows and balances of one example. An event id of a row holds until the next one is written. */
export interface Example {
  /** Rows of each ledger event after the sale that the example begins with. */
  events: readonly string[];
  balances: string;
  due: number;
  /** What is left of lots that are not used up. */
  lots: string;
}

/** Examples of the rules of changes, by their numbers: the rows are compared literally. */
// oxfmt-ignore
export const examples = {
  V2: {
    events: [
      '`sub_1/` cowork:Income→cowork:Backlog 4500 · xia:Refunded→cowork:Backlog 4500 · `crd_1/` cowork:Credit→xia:Refunded 4500 · `sub_2/` cowork:Receivable→xia:Payable 12450 · `crd_1/` xia:Liability→cowork:Credit 4500 · `sub_2/` xia:Payable→xia:Liability 4500 · cowork:Backlog→cowork:Receivable 4500',
      '`cha_2/` xia:Liability→stripe:Funds 7950 · `sub_2/` xia:Payable→xia:Liability 7950 · `cha_2/` stripe:Backlog→cowork:Expenses 261 · `sub_2/` cowork:Backlog→cowork:Receivable 7950 · `cha_2/` stripe:Funds→cowork:Funds 7689',
    ],
    balances: 'cowork Backlog -12450 Expenses 552 Funds 16398 Income -4500',
    due: 0,
    lots: '',
  },
  V3: {
    events: [
      '`sub_1/` cowork:Income→cowork:Backlog 2782 · xia:Refunded→cowork:Backlog 6218 · `crd_1/` cowork:Credit→xia:Refunded 6218 · `sub_2/` cowork:Receivable→xia:Payable 17203 · `crd_1/` xia:Liability→cowork:Credit 6218 · `sub_2/` xia:Payable→xia:Liability 6218 · cowork:Backlog→cowork:Receivable 6218',
      '`cha_2/` xia:Liability→stripe:Funds 10985 · `sub_2/` xia:Payable→xia:Liability 10985 · `cha_2/` stripe:Backlog→cowork:Expenses 349 · `sub_2/` cowork:Backlog→cowork:Receivable 10985 · `cha_2/` stripe:Funds→cowork:Funds 10636',
    ],
    balances: 'cowork Backlog -17203 Expenses 640 Funds 19345 Income -2782',
    due: 0,
    lots: '',
  },
  V4: {
    events: [
      '`sub_1/` cowork:Income→cowork:Backlog 12450 · xia:Refunded→cowork:Backlog 12450 · `crd_1/` cowork:Credit→xia:Refunded 12450 · `sub_2/` cowork:Receivable→xia:Payable 4500 · `crd_1/` xia:Liability→cowork:Credit 4500 · `sub_2/` xia:Payable→xia:Liability 4500 · cowork:Backlog→cowork:Receivable 4500',
      '`sub_2/` cowork:Receivable→xia:Payable 9000 · `crd_1/` xia:Liability→cowork:Credit 7950 · `sub_2/` xia:Payable→xia:Liability 7950 · cowork:Backlog→cowork:Receivable 7950',
      '`cha_2/` xia:Liability→stripe:Funds 1050 · `sub_2/` xia:Payable→xia:Liability 1050 · `cha_2/` stripe:Backlog→cowork:Expenses 60 · `sub_2/` cowork:Backlog→cowork:Receivable 1050 · `cha_2/` stripe:Funds→cowork:Funds 990',
      '`sub_2/` cowork:Income→cowork:Backlog 4500',
    ],
    balances: 'cowork Backlog -9000 Expenses 812 Funds 25138 Income -16950',
    due: 0,
    lots: '',
  },
  V5: {
    events: [
      '`sub_1/` cowork:Income→cowork:Backlog 12450 · xia:Refunded→cowork:Backlog 12450 · `crd_1/` cowork:Credit→xia:Refunded 12450 · `sub_2/` cowork:Receivable→xia:Payable 1000 · `crd_1/` xia:Liability→cowork:Credit 1000 · `sub_2/` xia:Payable→xia:Liability 1000 · cowork:Backlog→cowork:Receivable 1000',
      '`sub_2/` cowork:Receivable→xia:Payable 2000 · `crd_1/` xia:Liability→cowork:Credit 2000 · `sub_2/` xia:Payable→xia:Liability 2000 · cowork:Backlog→cowork:Receivable 2000',
      '`sub_2/` cowork:Income→cowork:Backlog 1000',
    ],
    balances: 'cowork Backlog -2000 Credit -9450 Expenses 752 Funds 24148 Income -13450',
    due: 0,
    lots: 'lot 1 left 9450',
  },
  V6: {
    events: [
      '`sub_2/` cowork:Receivable→xia:Payable 9000',
      '`cha_2/` xia:Liability→stripe:Funds 9000 · `sub_2/` xia:Payable→xia:Liability 9000 · `cha_2/` stripe:Backlog→cowork:Expenses 291 · `sub_2/` cowork:Backlog→cowork:Receivable 9000 · `cha_2/` stripe:Funds→cowork:Funds 8709',
      '`sub_1/` cowork:Income→cowork:Backlog 24900',
    ],
    balances: 'cowork Backlog -9000 Expenses 1043 Funds 32857 Income -24900',
    due: 0,
    lots: '',
  },
  V8: {
    events: [
      '`sub_1/` cowork:Income→cowork:Backlog 4500 · xia:Refunded→cowork:Backlog 4500 · `crd_1/` cowork:Credit→xia:Refunded 4500 · `sub_2/` cowork:Receivable→xia:Payable 4500 · `crd_1/` xia:Liability→cowork:Credit 4500 · `sub_2/` xia:Payable→xia:Liability 4500 · cowork:Backlog→cowork:Receivable 4500',
    ],
    balances: 'cowork Backlog -4500 Expenses 291 Funds 8709 Income -4500',
    due: 0,
    lots: '',
  },
  V9: {
    events: [
      '`sub_1/` cowork:Income→cowork:Backlog 4500 · xia:Refunded→cowork:Backlog 4500 · `crd_1/` cowork:Credit→xia:Refunded 4500 · `sub_2/` cowork:Receivable→xia:Payable 12450 · `crd_1/` xia:Liability→cowork:Credit 4500 · `sub_2/` xia:Payable→xia:Liability 4500 · cowork:Backlog→cowork:Receivable 4500',
      '`cha_2/` xia:Liability→stripe:Funds 7950 · `sub_2/` xia:Payable→xia:Liability 7950 · `cha_2/` stripe:Backlog→cowork:Expenses 261 · `sub_2/` cowork:Backlog→cowork:Receivable 7950 · `cha_2/` stripe:Funds→cowork:Funds 7689',
      '`sub_2/` xia:Refunded→cowork:Backlog 12450 · `crd_2/` cowork:Credit→xia:Refunded 12450 · `sub_3/` cowork:Receivable→xia:Payable 4500 · `crd_2/` xia:Liability→cowork:Credit 4500 · `sub_3/` xia:Payable→xia:Liability 4500 · cowork:Backlog→cowork:Receivable 4500',
    ],
    balances: 'cowork Backlog -4500 Credit -7950 Expenses 552 Funds 16398 Income -4500',
    due: 0,
    lots: 'lot 2 left 7950',
  },
  V10: {
    events: [
      '`sub_1/` cowork:Income→cowork:Backlog 9000',
      '`sub_2/` cowork:Receivable→xia:Payable 24900',
      '`cha_2/` xia:Liability→stripe:Funds 24900 · `sub_2/` xia:Payable→xia:Liability 24900 · `cha_2/` stripe:Backlog→cowork:Expenses 752 · `sub_2/` cowork:Backlog→cowork:Receivable 24900 · `cha_2/` stripe:Funds→cowork:Funds 24148',
    ],
    balances: 'cowork Backlog -24900 Expenses 1043 Funds 32857 Income -9000',
    due: 0,
    lots: '',
  },
  V11: {
    events: [
      '`sub_2/` cowork:Receivable→xia:Payable 24900',
      '`cha_2/` xia:Liability→stripe:Funds 24900 · `sub_2/` xia:Payable→xia:Liability 24900 · `cha_2/` stripe:Backlog→cowork:Expenses 752 · `sub_2/` cowork:Backlog→cowork:Receivable 24900 · `cha_2/` stripe:Funds→cowork:Funds 24148',
      '`sub_1/` cowork:Income→cowork:Backlog 9000',
    ],
    balances: 'cowork Backlog -24900 Expenses 1043 Funds 32857 Income -9000',
    due: 0,
    lots: '',
  },
  V12: {
    events: [
      '`sub_1/` cowork:Income→cowork:Backlog 4500 · xia:Refunded→cowork:Backlog 4500 · `crd_1/` cowork:Credit→xia:Refunded 4500 · `sub_2/` cowork:Receivable→xia:Payable 97200 · `crd_1/` xia:Liability→cowork:Credit 4500 · `sub_2/` xia:Payable→xia:Liability 4500 · cowork:Backlog→cowork:Receivable 4500',
      '`cha_2/` xia:Liability→stripe:Funds 92700 · `sub_2/` xia:Payable→xia:Liability 92700 · `cha_2/` stripe:Backlog→cowork:Expenses 2718 · `sub_2/` cowork:Backlog→cowork:Receivable 92700 · `cha_2/` stripe:Funds→cowork:Funds 89982',
    ],
    balances: 'cowork Backlog -97200 Expenses 3009 Funds 98691 Income -4500',
    due: 0,
    lots: '',
  },
  V13: {
    events: [
      '`sub_1/` xia:Refunded→cowork:Backlog 48600 · `crd_1/` cowork:Credit→xia:Refunded 48600 · `sub_2/` cowork:Receivable→xia:Payable 9000 · `crd_1/` xia:Liability→cowork:Credit 9000 · `sub_2/` xia:Payable→xia:Liability 9000 · cowork:Backlog→cowork:Receivable 9000',
    ],
    balances: 'cowork Backlog -9000 Credit -39600 Expenses 2849 Funds 94351 Income -48600',
    due: 0,
    lots: 'lot 1 left 39600',
  },
  V14: {
    events: [
      '`sub_1/` cowork:Income→cowork:Backlog 4050 · xia:Refunded→cowork:Backlog 68850 · `crd_1/` cowork:Credit→xia:Refunded 68850 · `sub_2/` cowork:Receivable→xia:Payable 12450 · `crd_1/` xia:Liability→cowork:Credit 12450 · `sub_2/` xia:Payable→xia:Liability 12450 · cowork:Backlog→cowork:Receivable 12450',
    ],
    balances: 'cowork Backlog -12450 Credit -56400 Expenses 2849 Funds 94351 Income -28350',
    due: 0,
    lots: 'lot 1 left 56400',
  },
  V15: {
    events: [
      '`sub_1/` cowork:Income→cowork:Backlog 4500 · xia:Refunded→cowork:Backlog 4500 · `crd_1/` cowork:Credit→xia:Refunded 4500 · `sub_2/` cowork:Receivable→xia:Payable 12450 · cowork:Receivable→xia:Payable 3000 · `crd_1/` xia:Liability→cowork:Credit 4500 · `sub_2/` xia:Payable→xia:Liability 4500 · cowork:Backlog→cowork:Receivable 4500',
      '`cha_2/` xia:Liability→stripe:Funds 10950 · `sub_2/` xia:Payable→xia:Liability 7950 · `cha_2/` stripe:Backlog→cowork:Expenses 253 · `sub_2/` cowork:Backlog→cowork:Receivable 7950 · `cha_2/` stripe:Funds→cowork:Funds 7697 · `sub_2/` xia:Payable→xia:Liability 3000 · `cha_2/` stripe:Backlog→cowork:Expenses 95 · `sub_2/` cowork:Backlog→cowork:Receivable 3000 · `cha_2/` stripe:Funds→cowork:Funds 2905',
      '`sub_2/` cowork:Income→cowork:Backlog 3000',
    ],
    balances: 'cowork Backlog -12450 Expenses 639 Funds 19311 Income -7500',
    due: 0,
    lots: '',
  },
  V16: {
    events: [
      '`sub_1/` cowork:Income→cowork:Backlog 2250 · xia:Refunded→cowork:Backlog 2250 · `crd_1/` cowork:Credit→xia:Refunded 2250 · `sub_2/` cowork:Receivable→xia:Payable 6225 · `crd_1/` xia:Liability→cowork:Credit 2250 · `sub_2/` xia:Payable→xia:Liability 2250 · cowork:Backlog→cowork:Receivable 2250',
      '`cha_2/` xia:Liability→stripe:Funds 3975 · `sub_2/` xia:Payable→xia:Liability 3975 · `cha_2/` stripe:Backlog→cowork:Expenses 145 · `sub_2/` cowork:Backlog→cowork:Receivable 3975 · `cha_2/` stripe:Funds→cowork:Funds 3830',
    ],
    balances: 'cowork Backlog -6225 Expenses 306 Funds 8169 Income -2250',
    due: 0,
    lots: '',
  },
  V17: {
    events: [
      '`sub_1/` cowork:Income→cowork:Backlog 2250 · xia:Refunded→cowork:Backlog 2250 · `crd_1/` cowork:Credit→xia:Refunded 2250 · `sub_2/` cowork:Receivable→xia:Payable 12450 · `crd_1/` xia:Liability→cowork:Credit 2250 · `sub_2/` xia:Payable→xia:Liability 2250 · cowork:Backlog→cowork:Receivable 2250',
      '`cha_2/` xia:Liability→stripe:Funds 10200 · `sub_2/` xia:Payable→xia:Liability 10200 · `cha_2/` stripe:Backlog→cowork:Expenses 326 · `sub_2/` cowork:Backlog→cowork:Receivable 10200 · `cha_2/` stripe:Funds→cowork:Funds 9874',
    ],
    balances: 'cowork Backlog -12450 Expenses 487 Funds 14213 Income -2250',
    due: 0,
    lots: '',
  },
  V18: {
    events: [
      '`sub_1/` cowork:Income→cowork:Backlog 4500 · xia:Refunded→cowork:Backlog 4500 · `crd_1/` cowork:Credit→xia:Refunded 4500 · `sub_2/` cowork:Receivable→xia:Payable 12450 · `crd_1/` xia:Liability→cowork:Credit 4500 · `sub_2/` xia:Payable→xia:Liability 4500 · cowork:Backlog→cowork:Receivable 4500',
      '`cha_2/` xia:Liability→stripe:Funds 8100 · `sub_2/` xia:Payable→xia:Liability 7950 · `cha_2/` stripe:Backlog→cowork:Expenses 260 · `sub_2/` cowork:Backlog→cowork:Receivable 7950 · `cha_2/` stripe:Funds→cowork:Funds 7690 · `sub_1/requests/` xia:Payable→xia:Liability 150 · `cha_2/` stripe:Backlog→cowork:Expenses 5 · `sub_1/requests/` cowork:Backlog→cowork:Receivable 150 · `cha_2/` stripe:Funds→cowork:Funds 145',
    ],
    balances: 'cowork Backlog -12600 Expenses 556 Funds 16544 Income -4500',
    due: 0,
    lots: '',
  },
  V19: {
    events: [
      '`sub_1/` cowork:Income→cowork:Receivable 4500 · xia:Payable→cowork:Receivable 4500 · `sub_2/` cowork:Receivable→xia:Payable 12450',
      '`cha_1/` xia:Liability→stripe:Funds 16950 · `sub_1/` xia:Payable→xia:Liability 4500 · `cha_1/` stripe:Backlog→cowork:Expenses 139 · `sub_1/` cowork:Backlog→cowork:Receivable 4500 · cowork:Receivable→cowork:Backlog 4500 · `cha_1/` stripe:Funds→cowork:Funds 4361 · `sub_2/` xia:Payable→xia:Liability 12450 · `cha_1/` stripe:Backlog→cowork:Expenses 383 · `sub_2/` cowork:Backlog→cowork:Receivable 12450 · `cha_1/` stripe:Funds→cowork:Funds 12067',
    ],
    balances: 'cowork Backlog -12450 Expenses 522 Funds 16428 Income -4500',
    due: 0,
    lots: '',
  },
  V20: {
    events: [
      '`sub_1/` cowork:Income→cowork:Backlog 4500 · xia:Payable→cowork:Receivable 3000 · xia:Refunded→cowork:Backlog 1500 · `crd_1/` cowork:Credit→xia:Refunded 1500 · `sub_2/` cowork:Receivable→xia:Payable 1000 · `crd_1/` xia:Liability→cowork:Credit 1000 · `sub_2/` xia:Payable→xia:Liability 1000 · cowork:Backlog→cowork:Receivable 1000',
    ],
    balances: 'cowork Backlog -1000 Credit -500 Income -4500 Offline 6000',
    due: 0,
    lots: 'lot 1 left 500',
  },
  V21: {
    events: [
      '`sub_1/` cowork:Income→cowork:Backlog 4500 · cowork:Refund→cowork:Backlog 2000 · xia:Refunded→cowork:Backlog 2500 · `crd_1/` cowork:Credit→xia:Refunded 2500 · `sub_2/` cowork:Receivable→xia:Payable 1000 · `crd_1/` xia:Liability→cowork:Credit 1000 · `sub_2/` xia:Payable→xia:Liability 1000 · cowork:Backlog→cowork:Receivable 1000',
    ],
    balances: 'cowork Backlog -1000 Credit -1500 Expenses 291 Funds 4825 Income -4500 Refund 2000 · xia Refunded -4000',
    due: 0,
    lots: 'lot 1 left 1500',
  },
  V22: {
    events: [
      '`cpn_a/` cowork:Income→cowork:Backlog 4500 · joe-bulk:Refunded→cowork:Backlog 4500 · `crd_1/` cowork:Credit→joe-bulk:Refunded 4500 · `sub_6/` cowork:Receivable→bob:Payable 12450 · `crd_1/` bob:Liability→cowork:Credit 4500 · `sub_6/` bob:Payable→bob:Liability 4500 · cowork:Backlog→cowork:Receivable 4500',
      '`cha_2/` bob:Liability→stripe:Funds 7950 · `sub_6/` bob:Payable→bob:Liability 7950 · `cha_2/` stripe:Backlog→cowork:Expenses 261 · `sub_6/` cowork:Backlog→cowork:Receivable 7950 · `cha_2/` stripe:Funds→cowork:Funds 7689',
    ],
    balances: 'cowork Backlog -12450 Expenses 552 Funds 16398 Income -4500',
    due: 0,
    lots: '',
  },
  V23: {
    events: [
      '`sub_2/` cowork:Receivable→xia:Payable 12450',
      '`cha_1/` xia:Liability→stripe:Funds 12450 · `sub_2/` xia:Payable→xia:Liability 12450 · `cha_1/` stripe:Backlog→cowork:Expenses 391 · `sub_2/` cowork:Backlog→cowork:Receivable 12450 · `cha_1/` stripe:Funds→cowork:Funds 12059',
    ],
    balances: 'cowork Backlog -12450 Expenses 391 Funds 12059',
    due: 0,
    lots: '',
  },
  V25: {
    events: [
      '`sub_1/` cowork:Income→cowork:Backlog 4500 · xia:Refunded→cowork:Backlog 4500 · `crd_1/` cowork:Credit→xia:Refunded 4500 · `sub_2/` cowork:Receivable→xia:Payable 4530 · `crd_1/` xia:Liability→cowork:Credit 4500 · `sub_2/` xia:Payable→xia:Liability 4500 · cowork:Backlog→cowork:Receivable 4500',
      '`sub_2/` cowork:Receivable→xia:Payable 9060',
      '`cha_2/` xia:Liability→stripe:Funds 9090 · `sub_2/` xia:Payable→xia:Liability 30 · `cha_2/` stripe:Backlog→cowork:Expenses 1 · `sub_2/` cowork:Backlog→cowork:Receivable 30 · `cha_2/` stripe:Funds→cowork:Funds 29 · `sub_2/` xia:Payable→xia:Liability 9060 · `cha_2/` stripe:Backlog→cowork:Expenses 293 · `sub_2/` cowork:Backlog→cowork:Receivable 9060 · `cha_2/` stripe:Funds→cowork:Funds 8767',
      '`sub_2/` cowork:Income→cowork:Backlog 4530',
    ],
    balances: 'cowork Backlog -9060 Expenses 585 Funds 17505 Income -9030',
    due: 0,
    lots: '',
  },
  V26: {
    events: [
      '`sub_3/` cowork:Receivable→xia:Payable 2000 · `sub_4/` cowork:Receivable→xia:Payable 1000 · `crd_1/` xia:Liability→cowork:Credit 300 · `sub_3/` xia:Payable→xia:Liability 300 · cowork:Backlog→cowork:Receivable 300 · `crd_2/` xia:Liability→cowork:Credit 1700 · `sub_3/` xia:Payable→xia:Liability 1700 · cowork:Backlog→cowork:Receivable 1700 · `crd_2/` xia:Liability→cowork:Credit 1000 · `sub_4/` xia:Payable→xia:Liability 1000 · cowork:Backlog→cowork:Receivable 1000',
    ],
    balances: 'cowork Backlog -3000 Credit -2300 Writeoff 5300',
    due: 0,
    lots: 'lot 2 left 2300',
  },
  V27: {
    events: [
      '`cha_2/1/` xia:Refunded→cowork:Refund 7950 · stripe:Funds→stripe:Refund 261 · cowork:Funds→stripe:Refund 7689 · `crd_2/` cowork:Credit→cowork:Refund 4500',
    ],
    balances: 'cowork Backlog -12450 Credit -4500 Expenses 552 Funds 8709 Income -4500 Refund 12450 · xia Refunded -7950',
    due: 0,
    lots: 'lot 2 left 4500',
  },
  V28: {
    events: [
      '`cha_2/1/` xia:Refunded→cowork:Refund 7950 · stripe:Funds→stripe:Refund 261 · cowork:Funds→stripe:Refund 7689 · `crd_2/` cowork:Refund→cowork:Credit 7950',
    ],
    balances: 'cowork Backlog -4500 Expenses 552 Funds 8709 Income -4500 · xia Refunded -7950',
    due: 0,
    lots: '',
  },
  V30: {
    events: [
      '`sub_1/` cowork:Income→cowork:Backlog 2903',
      '`sub_1/` cowork:Income→cowork:Backlog 6097',
    ],
    balances: 'cowork Expenses 291 Funds 8709 Income -9000',
    due: 0,
    lots: '',
  },
  V31: {
    events: [
      '`sub_1/` cowork:Income→cowork:Backlog 2903',
      '`cha_1/1/` xia:Refunded→cowork:Refund 6097 · stripe:Funds→stripe:Refund 177 · cowork:Funds→stripe:Refund 5920 · `sub_1/` cowork:Refund→cowork:Backlog 6097',
    ],
    balances: 'cowork Expenses 291 Funds 2789 Income -2903 · xia Refunded -6097',
    due: 0,
    lots: '',
  },
  V32: {
    events: [
      '`sub_1/` cowork:Receivable→xia:Payable 4500',
      '`cha_1/` xia:Liability→stripe:Funds 4500 · `sub_1/` xia:Payable→xia:Liability 4500 · `cha_1/` stripe:Backlog→cowork:Expenses 161 · `sub_1/` cowork:Backlog→cowork:Receivable 4500 · `cha_1/` stripe:Funds→cowork:Funds 4339',
      '`sub_1/` cowork:Income→cowork:Backlog 4500',
    ],
    balances: 'cowork Expenses 161 Funds 4339 Income -4500',
    due: 0,
    lots: '',
  },
  V34: {
    events: [
      '`sub_1/` cowork:Receivable→xia:Payable 1500',
      '`cha_2/` xia:Liability→stripe:Funds 1500 · `sub_1/` xia:Payable→xia:Liability 1500 · `cha_2/` stripe:Backlog→cowork:Expenses 74 · `sub_1/` cowork:Backlog→cowork:Receivable 1500 · `cha_2/` stripe:Funds→cowork:Funds 1426',
    ],
    balances: 'cowork Backlog -6500 Expenses 249 Funds 6251',
    due: 0,
    lots: '',
  },
  V35: {
    events: [
      '`sub_1/` xia:Refunded→cowork:Backlog 1000 · `crd_1/` cowork:Credit→xia:Refunded 1000',
      '`sub_1/` cowork:Income→cowork:Backlog 4000 · xia:Refunded→cowork:Backlog 250 · `crd_2/` cowork:Credit→xia:Refunded 250 · `sub_1/` xia:Refunded→cowork:Backlog 250 · `crd_3/` cowork:Credit→xia:Refunded 250',
    ],
    balances: 'cowork Backlog -1000 Credit -1500 Expenses 249 Funds 6251 Income -4000',
    due: 0,
    lots: '',
  },
  V36: {
    events: [
      '`sub_1/` cowork:Income→cowork:Backlog 4500 · `cha_1/1/` xia:Refunded→cowork:Refund 4500 · stripe:Funds→stripe:Refund 130 · cowork:Funds→stripe:Refund 4370 · `sub_1/` cowork:Refund→cowork:Backlog 4500',
    ],
    balances: 'cowork Expenses 291 Funds 4339 Income -4500 · xia Refunded -4500',
    due: 0,
    lots: '',
  },
  V37: {
    events: [
      '`sub_1/` cowork:Income→cowork:Backlog 580 · `cha_1/1/` xia:Refunded→cowork:Refund 9000 · stripe:Funds→stripe:Refund 291 · cowork:Funds→stripe:Refund 8709 · `sub_1/` cowork:Refund→cowork:Backlog 8420',
    ],
    balances: 'cowork Expenses 291 Income -580 Refund 580 · xia Refunded -9000',
    due: 0,
    lots: '',
  },
  V38: {
    events: [
      '`sub_1/` cowork:Receivable→xia:Payable 9000',
      '`sub_1/` cowork:Income→cowork:Receivable 1928 · xia:Payable→cowork:Receivable 7072',
      '`sub_1/` xia:Payable→xia:Liability 1928 · xia:Liability→cowork:Writeoff 1928 · cowork:Receivable→xia:Canceled 1928',
    ],
    balances: 'cowork Income -1928 Receivable -1928 Writeoff 1928 · xia Canceled 1928',
    due: 0,
    lots: '',
  },
  V39: {
    events: [
      '`sub_1/` cowork:Receivable→xia:Payable 9000',
      '`sub_1/` cowork:Income→cowork:Receivable 9000',
      '`cha_2/` xia:Liability→stripe:Funds 9000 · `sub_1/` xia:Payable→xia:Liability 9000 · `cha_2/` stripe:Backlog→cowork:Expenses 291 · `sub_1/` cowork:Backlog→cowork:Receivable 9000 · cowork:Receivable→cowork:Backlog 9000 · `cha_2/` stripe:Funds→cowork:Funds 8709',
    ],
    balances: 'cowork Expenses 291 Funds 8709 Income -9000',
    due: 0,
    lots: '',
  },
  V41: {
    events: [
      '`sub_1/` cowork:Receivable→xia:Payable 9000',
      '`check_1` xia:Liability→cowork:Funds 8960 · `sub_1/` xia:Payable→xia:Liability 8960 · cowork:Backlog→cowork:Receivable 8960 · `check_1` cowork:Funds→cowork:Offline 8960',
      '`sub_1/` cowork:Receivable→xia:Payable 9000',
      '`cha_3/` xia:Liability→stripe:Funds 9040 · `sub_1/` xia:Payable→xia:Liability 40 · `cha_3/` stripe:Backlog→cowork:Expenses 1 · `sub_1/` cowork:Backlog→cowork:Receivable 40 · `cha_3/` stripe:Funds→cowork:Funds 39 · `sub_1/` xia:Payable→xia:Liability 9000 · `cha_3/` stripe:Backlog→cowork:Expenses 291 · `sub_1/` cowork:Backlog→cowork:Receivable 9000 · `cha_3/` stripe:Funds→cowork:Funds 8709',
    ],
    balances: 'cowork Backlog -18000 Expenses 292 Funds 8748 Offline 8960',
    due: 0,
    lots: '',
  },
  V42: {
    events: [
      '`cha_1/` cowork:Funds→stripe:Chargeback 1500 · `cha_1/1/` xia:Refunded→cowork:Chargeback 9000 · stripe:Funds→stripe:Chargeback 291 · cowork:Funds→stripe:Chargeback 8709',
      '`sub_1/` cowork:Income→cowork:Backlog 4500 · cowork:Chargeback→cowork:Backlog 4500 · `sub_2/` cowork:Receivable→xia:Payable 1000',
      '`cha_2/` xia:Liability→stripe:Funds 1000 · `sub_2/` xia:Payable→xia:Liability 1000 · `cha_2/` stripe:Backlog→cowork:Expenses 59 · `sub_2/` cowork:Backlog→cowork:Receivable 1000 · `cha_2/` stripe:Funds→cowork:Funds 941',
    ],
    balances: 'cowork Backlog -1000 Chargeback 4500 Expenses 350 Funds -559 Income -4500 · xia Refunded -9000',
    due: 0,
    lots: '',
  },
  V43: {
    events: [
      '`sub_1/` club:Income→club:Backlog 4500 · xia:Refunded→club:Backlog 4500 · `crd_1/` club:Credit→xia:Refunded 4500 · `sub_2/` club:Receivable→xia:Payable 12450 · `crd_1/` xia:Liability→club:Credit 4500 · `sub_2/` xia:Payable→xia:Liability 4500 · club:Backlog→club:Receivable 4500',
      '`cha_2/` xia:Liability→stripe:Funds 7950 · `sub_2/` xia:Payable→xia:Liability 7950 · `cha_2/` stripe:Backlog→cowork:Expenses 261 · cowork:Backlog→club:Expenses 1056 · stripe:Funds→cowork:Funds 795 · `sub_2/` club:Backlog→club:Receivable 7950 · `cha_2/` stripe:Funds→club:Funds 6894',
    ],
    balances: 'club Backlog -12450 Expenses 2247 Funds 14703 Income -4500 · cowork Backlog -2247 Expenses 552 Funds 1695',
    due: 0,
    lots: '',
  },
  V46: {
    events: [
      '`sub_1/` cowork:Income→cowork:Backlog 8854 · xia:Refunded→cowork:Backlog 146 · `crd_1/` cowork:Credit→xia:Refunded 146 · `sub_1/` xia:Refunded→cowork:Backlog 9000 · `crd_2/` cowork:Credit→xia:Refunded 9000 · `sub_2/` cowork:Receivable→xia:Payable 402 · cowork:Receivable→xia:Payable 24900 · `crd_1/` xia:Liability→cowork:Credit 146 · `sub_2/` xia:Payable→xia:Liability 146 · cowork:Backlog→cowork:Receivable 146 · `crd_2/` xia:Liability→cowork:Credit 256 · `sub_2/` xia:Payable→xia:Liability 256 · cowork:Backlog→cowork:Receivable 256 · `crd_2/` xia:Liability→cowork:Credit 8744 · `sub_2/` xia:Payable→xia:Liability 8744 · cowork:Backlog→cowork:Receivable 8744',
      '`cha_3/` xia:Liability→stripe:Funds 16156 · `sub_2/` xia:Payable→xia:Liability 16156 · `cha_3/` stripe:Backlog→cowork:Expenses 499 · `sub_2/` cowork:Backlog→cowork:Receivable 16156 · `cha_3/` stripe:Funds→cowork:Funds 15657',
    ],
    balances: 'cowork Backlog -25302 Expenses 1081 Funds 33075 Income -8854',
    due: 0,
    lots: '',
  },
} as const satisfies Record<string, Example>;
