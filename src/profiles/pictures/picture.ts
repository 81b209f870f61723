import type { Sharp, SharpOptions } from 'sharp';

type MakeSharp = (input: Uint8Array, options: SharpOptions) => Sharp;

/** Largest file that is accepted, in bytes. */
export const PICTURE_BYTES_MAX = 1_000_000;
/** Width and height of a stored picture, in pixels. */
export const PICTURE_SIZE = 256;

const PIXELS_MAX = 25_000_000;
const SECONDS_MAX = 10;
const formats: ReadonlySet<string> = new Set(['jpeg', 'png', 'gif', 'webp']);
const loaders = [
  'VipsForeignLoadJpegBuffer',
  'VipsForeignLoadPngBuffer',
  'VipsForeignLoadNsgifBuffer',
  'VipsForeignLoadWebpBuffer',
];

let loading: Promise<MakeSharp> | null = null;

/** Loads the library at the first picture: most processes never need its memory. Only four formats can be read. */
async function loadSharp(): Promise<MakeSharp> {
  const { default: sharp } = await import('sharp');
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: loaders });
  sharp.concurrency(1);
  sharp.cache(false);
  return sharp;
}

export type PictureRefusal = 'picture_too_large' | 'picture_unreadable';

/**
 * Makes the stored form of an uploaded picture: WebP of PICTURE_SIZE squared, upright, cut to the middle, without
 * metadata such as the place where it was taken. The content decides about the format, not the name of the file.
 *
 * Pixels are counted before they are decoded, so that a small file cannot fill the memory.
 */
export async function convertPicture(file: Uint8Array): Promise<Buffer | PictureRefusal> {
  if (file.length > PICTURE_BYTES_MAX) return 'picture_too_large';
  loading ??= loadSharp();
  const sharp = await loading;
  try {
    const image = sharp(file, { limitInputPixels: PIXELS_MAX, failOn: 'error', animated: false });
    const { format } = await image.metadata();
    if (!formats.has(format)) return 'picture_unreadable';
    return await image
      .rotate()
      .resize(PICTURE_SIZE, PICTURE_SIZE, { fit: 'cover' })
      .webp({ quality: 82 })
      .timeout({ seconds: SECONDS_MAX })
      .toBuffer();
  } catch {
    // Each error of the library is about the file: broken, another format, too many pixels, too slow.
    return 'picture_unreadable';
  }
}
