/** What is wrong with the folder of another gateway as a whole; the message says what to do. Nothing was changed. */
export type SourceErrorCode =
  /** The folder is not there, or holds no devices of that gateway. */
  | 'SOURCE_MISSING'
  | 'SOURCE_DAMAGED'
  /** Written by a version that this program does not know. */
  | 'SOURCE_TOO_NEW'
  /** It changed each time it was read. */
  | 'SOURCE_BUSY';

export class SourceError extends Error {
  readonly code: SourceErrorCode;
  constructor(code: SourceErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SourceError';
    this.code = code;
  }
}
