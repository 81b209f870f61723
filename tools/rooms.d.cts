export const rooms: Record<string, string[]>;
export const subrooms: Record<string, Record<string, string[]>>;
