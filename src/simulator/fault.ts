import type { Picture } from './picture.js';

/**
 * What can be wrong with a camera or its network. Several may be on at once, one of each kind; `reset`, `fin` and `timestamp-jump` happen
 * once, at the moment they are set, the others last until they are cleared.
 */
export type Fault =
  /** TCP stays open, nothing is sent, no request is answered. `open`: only on the connections there are now; new ones work. */
  | { readonly kind: 'freeze'; readonly connections: 'all' | 'open' }
  /** New connections are accepted and never answered; those there are go on. */
  | { readonly kind: 'never-answer' }
  /** Nobody listens. */
  | { readonly kind: 'refuse' }
  /** Every connection gets a TCP reset. */
  | { readonly kind: 'reset' }
  /** Every connection is ended in order. */
  | { readonly kind: 'fin' }
  /** Sound goes on. */
  | { readonly kind: 'video-off' }
  /** Every n-th frame is lost inside the camera: it was never produced. */
  | { readonly kind: 'drop-frames'; readonly everyNth: number }
  /** As if the account had been changed: every login fails. */
  | { readonly kind: 'wrong-password' }
  /** Every path is unknown. */
  | { readonly kind: 'not-found' }
  /** DESCRIBE is sent elsewhere. */
  | { readonly kind: 'redirect'; readonly location: string }
  /** Frames are held back and delivered so many at a time. */
  | { readonly kind: 'bursts'; readonly frames: number }
  /** Time stamps go on as if the frame rate were right, but so many frames a second are shipped. */
  | { readonly kind: 'clock-drift'; readonly shippedFps: number }
  /** RTP time steps, forwards or (negative) backwards. */
  | { readonly kind: 'timestamp-jump'; readonly byMs: number }
  /** From its next keyframe on, the camera sends another picture, with other parameter sets. */
  | { readonly kind: 'new-parameters'; readonly picture: Picture }
  /** So long between the answer to PLAY and the first packet. */
  | { readonly kind: 'slow-start'; readonly delayMs: number }
  /** After so many failed logins even right ones fail, until none was tried for the duration; each try renews it. */
  | { readonly kind: 'lock-out'; readonly failures: number; readonly durationMs: number };

type FaultKind = Fault['kind'];

/** The faults that are on. */
export class FaultSet {
  readonly #faults = new Map<FaultKind, Fault>();

  set(fault: Fault): void {
    this.#faults.set(fault.kind, fault);
  }

  clear(): void {
    this.#faults.clear();
  }

  has(kind: FaultKind): boolean {
    return this.#faults.has(kind);
  }

  get<K extends FaultKind>(kind: K): Extract<Fault, { kind: K }> | undefined {
    const fault = this.#faults.get(kind);
    return fault !== undefined && isKind(fault, kind) ? fault : undefined;
  }
}

function isKind<K extends FaultKind>(fault: Fault, kind: K): fault is Extract<Fault, { kind: K }> {
  return fault.kind === kind;
}
