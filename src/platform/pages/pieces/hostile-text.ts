/** Texts that users may write anywhere: 200 characters, without a place to wrap, right to left. */
export const longText = 'Coworking and conference rooms of the northern harbour '.repeat(4).slice(0, 200);
export const unbrokenText = 'W'.repeat(200);
export const rightToLeftText = 'مساحة العمل المشتركة (ABC) '.repeat(8).slice(0, 200);
