export const rooms: Record<string, string[]>;
export const listeners: string[];
