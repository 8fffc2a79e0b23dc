/** Why a file cannot be read, or why its header is not built. Each but `short-read` stays true when asked again. */
export type Mp4ErrorCode =
  /** A box is cut, too small, or of an impossible size. */
  | 'bad-box'
  /** The source ended before the size that was promised. */
  | 'short-read'
  /** There is no movie box where one must be, or a second one. */
  | 'no-movie'
  /** Not a fragmented file: a movie box with samples of its own, or without defaults for fragments. */
  | 'not-fragmented'
  /** Neither video nor audio, or a video codec other than H.264 and H.265. */
  | 'unsupported-track'
  /** An edit list that cannot be said in the sealed file's terms: several real edits, or several delayed tracks. */
  | 'unsupported-edit'
  /** A track has more than one sample description, or samples point at another than the first. */
  | 'second-sample-entry'
  /** A track fragment does not say its decode time. */
  | 'no-tfdt'
  /** A track fragment is neither relative to its moof nor does it say to what. */
  | 'no-base-offset'
  /** Decode times go back inside a track. */
  | 'dts-backwards'
  /** A sample lies outside the mdat of its fragment. */
  | 'sample-outside-mdat'
  /** Nothing can be sealed: no fragment is whole. */
  | 'no-complete-fragment'
  /** The index was not made by `createRecordingWalker`. */
  | 'not-indexed'
  /** A header does not say what the index says. */
  | 'header-mismatch'
  /** Not a sealed object: no single mdat up to the end. */
  | 'no-recording';

/** Thrown by everything in this folder; the code says what to do, the text says where. */
export class Mp4Error extends Error {
  readonly code: Mp4ErrorCode;
  constructor(code: Mp4ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Mp4Error';
    this.code = code;
  }
}
