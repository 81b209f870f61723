const shape = /^(?<kind>[a-z0-9@.-]+) (?<body>[A-Za-z0-9+/]+={0,2})(?: (?<comment>[^\r\n]{1,200}))?$/;
const kinds = new Set([
  'ssh-ed25519',
  'ssh-rsa',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
]);

/**
 * Parses a public key in the one-line format of OpenSSH; null for any other text.
 *
 * The body begins with the length and name of the key type (RFC 4253 §6.6), which must match the first word of the
 * line.
 */
export function parseSshKey(text: string): string | null {
  const line = text.trim();
  const { kind, body } = shape.exec(line)?.groups ?? {};
  if (kind === undefined || body === undefined || !kinds.has(kind)) return null;
  const bytes = Buffer.from(body, 'base64');
  if (bytes.length < 4 + kind.length + 4) return null;
  const length = bytes.readUInt32BE(0);
  return length === kind.length && bytes.subarray(4, 4 + length).toString('latin1') === kind ? line : null;
}
