import type { FastifyRequest } from 'fastify';
import { invalidInput } from '#kernel/problem';
import { cutText } from '#kernel/text';

const FIELD_LENGTH_MAX = 2000;
const files = new WeakMap<FastifyRequest, Uint8Array>();

/**
 * Hook `preValidation` of a page whose form may upload a file in the field `file`. Sets the body to the text fields
 * before the file, so that the CSRF token is checked like that of any form. Other media types are left alone.
 * @throws invalid_input (400) naming `file` for an upload that is cut off
 */
export async function readUploadedForm(request: FastifyRequest): Promise<void> {
  if (!request.isMultipart()) return;
  try {
    const part = await request.file();
    if (!part) return;
    files.set(request, await part.toBuffer());
    const fields = Object.entries(part.fields).flatMap(([name, field]) => {
      if (field === undefined || Array.isArray(field) || field.type !== 'field') return [];
      return typeof field.value === 'string' ? [[name, cutText(field.value, FIELD_LENGTH_MAX)] as const] : [];
    });
    request.body = Object.fromEntries(fields);
  } catch (error) {
    if (error instanceof Error && 'statusCode' in error) throw error; // a size limit of the multipart parser
    throw invalidInput({ file: ['The file is incomplete. Upload it again.'] });
  }
}

/** Returns the file that `readUploadedForm` read; null without one. */
export function uploadedFile(request: FastifyRequest): Uint8Array | null {
  const bytes = files.get(request);
  return bytes === undefined || bytes.length === 0 ? null : bytes;
}
