/** The three ways in which a client may write its Ed25519 public key, as one (PROTOCOL section 2.3). */
const BASE64_OF_32_BYTES = /^[A-Za-z0-9+/_-]{43}=?$/;
const PEM = /-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----/;

/** SubjectPublicKeyInfo of an Ed25519 key, up to the raw 32 bytes. */
export const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

const RAW_BYTES = 32;

/** The raw 32 bytes of a key in base64url, standard base64 or PEM; undefined for everything else. */
export function readPublicKey(text: string): Buffer | undefined {
  if (BASE64_OF_32_BYTES.test(text)) return Buffer.from(text, 'base64');
  const body = PEM.exec(text)?.[1];
  if (body === undefined) return undefined;
  const der = Buffer.from(body, 'base64');
  const isEd25519 =
    der.length === SPKI_PREFIX.length + RAW_BYTES && SPKI_PREFIX.equals(der.subarray(0, SPKI_PREFIX.length));
  return isEd25519 ? der.subarray(SPKI_PREFIX.length) : undefined;
}
