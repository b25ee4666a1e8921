import { NOTICE_SECRET_FORM, newNoticeSecret, readNoticeSecret } from '../notices/notice-secret.ts';
import { Notices } from '../notices/notices.ts';
import { CliError, EXIT } from './exit.ts';
import type { ServeLog } from './log.ts';
import type { ServeMetrics } from './serve-metrics.ts';
import type { ServeSettings } from './serve-settings.ts';
import { madeSecret, noticeSecretPath, readSecret, type State } from './state.ts';

/** The notices of a gateway that is about to start. Throws when their secret is none. */
export function openNotices(
  { authority, folder }: State,
  { url, secretFile }: NonNullable<ServeSettings['notices']>,
  { logging, metrics }: { readonly logging: ServeLog; readonly metrics: ServeMetrics | null },
): Notices {
  const path = secretFile ?? noticeSecretPath(folder);
  const key = readNoticeSecret(
    secretFile === null ? madeSecret(path, newNoticeSecret) : readSecret(secretFile),
  );
  if (!key) {
    const message = `${path} holds no secret for notices; it must be ${NOTICE_SECRET_FORM}`;
    throw new CliError(EXIT.failed, 'notice-secret', message);
  }
  return new Notices({
    authority,
    url,
    key,
    log: logging.log,
    ...(metrics && { onResult: metrics.noticed }),
  });
}
