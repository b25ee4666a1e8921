import { randomBytes } from 'node:crypto';

/** What a secret of the Standard Webhooks scheme looks like. */
export const NOTICE_SECRET_FORM = 'whsec_ and then 24 to 64 bytes in base64';

/** The key in a secret; undefined when it is not one. */
export function readNoticeSecret(text: string): Buffer | undefined {
  const match = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text.trim());
  const key = Buffer.from(match?.[1] ?? '', 'base64');
  return key.length >= 24 && key.length <= 64 ? key : undefined;
}

export function newNoticeSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}
