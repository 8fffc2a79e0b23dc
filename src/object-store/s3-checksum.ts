/** S3 writes a checksum as base64 of its big-endian bytes, we as hex. */
export function base64OfHex(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}

/** The inverse. Lower case; what is no base64 is skipped, so a damaged checksum compares unequal instead of throwing. */
export function hexOfBase64(base64: string): string {
  return Buffer.from(base64, 'base64').toString('hex');
}
